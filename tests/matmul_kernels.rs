//! Every kernel for products on every adapter, at the edges of their tiles and in every layout.

use tilewise::prelude::*;
use tilewise::{DeviceKind, DeviceOptions, MatmulKernel, Result};

tests![
    edges_and_layouts,
    batches,
    few_rows_of_many_columns,
    dtypes,
    long_epilogue,
    edges_of_blocks,
    slices_of_k,
    slices_change_with_no_kernel,
    new_sizes_compile_nothing
];

const FAMILY: [MatmulKernel; 3] = [
    MatmulKernel::Subgroup,
    MatmulKernel::Registers,
    MatmulKernel::Workgroup,
];
/// `Workgroup` by the size of its blocks.
const BLOCKS: [MatmulKernel; 4] = [
    MatmulKernel::Workgroup128,
    MatmulKernel::Workgroup128Shallow,
    MatmulKernel::Workgroup64,
    MatmulKernel::Workgroup32,
];
const SIZES: [usize; 10] = [1, 3, 7, 8, 9, 15, 17, 32, 33, 65];

/// Devices of their own on the adapter, one for each kernel; none for the CPU executor.
fn forced(device: &Device) -> Result<Vec<(MatmulKernel, Device)>> {
    let kernels = FAMILY.into_iter().chain([MatmulKernel::Vector]);
    each(device, DeviceOptions::new(), kernels)
}

fn each(
    device: &Device,
    options: DeviceOptions,
    kernels: impl IntoIterator<Item = MatmulKernel>,
) -> Result<Vec<(MatmulKernel, Device)>> {
    if device.info().kind == DeviceKind::Cpu {
        return Ok(vec![]);
    }
    let open = |kernel| {
        Ok((
            kernel,
            Device::open(&device.info().id, options.clone().matmul(kernel))?,
        ))
    };
    kernels.into_iter().map(open).collect()
}

/// Small whole numbers: their products and sums are exact in every order.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 37 + seed * 11 + i / 7) % 17) as f32 - 8.0)
        .collect()
}

/// The product of (batch, m, k) and (batch, k, n), row-major.
fn reference(a: &[f32], b: &[f32], batch: usize, [m, n, k]: [usize; 3]) -> Vec<f32> {
    let mut c = vec![0.0; batch * m * n];
    for z in 0..batch {
        for i in 0..m {
            for j in 0..n {
                for l in 0..k {
                    c[(z * m + i) * n + j] += a[(z * m + i) * k + l] * b[(z * k + l) * n + j];
                }
            }
        }
    }
    c
}

/// The matrix, stored in the way of that number: as it is, transposed, each as a part of a larger
/// one, at an odd place or an aligned one, or every other row and column.
fn stored(
    values: &[f32],
    [rows, columns]: [usize; 2],
    way: usize,
    device: &Device,
) -> Result<Tensor> {
    let plain = Tensor::from_slice(values, [rows, columns], device)?;
    let inside = |t: &Tensor, at: usize, more: usize, step: usize| -> Result<Tensor> {
        let (r, c) = (t.shape()[0], t.shape()[1]);
        let (height, width) = (at + r * step, at + c * step + more);
        // What lies around is not a number, so that none of it may be added.
        let mut around = vec![f32::NAN; height * width];
        for (i, row) in t.to_vec::<f32>()?.chunks(c.max(1)).enumerate() {
            for (j, &value) in row.iter().enumerate() {
                around[(at + i * step) * width + at + j * step] = value;
            }
        }
        let (at, step) = (at as isize, step as isize);
        Tensor::from_slice(&around, [height, width], device)?
            .slice(s![at..at + r as isize * step;step, at..at + c as isize * step;step])
    };
    match way {
        0 => Ok(plain),
        1 => Ok(Tensor::from_slice(&plain.t().to_vec::<f32>()?, [columns, rows], device)?.t()),
        2 => inside(&plain, 1, 2, 1),
        3 => Ok(inside(&plain.t(), 3, 1, 1)?.t()),
        4 => inside(&plain, 4, 4 - columns % 4, 1),
        5 => Ok(inside(&plain.t(), 4, 4 - rows % 4, 1)?.t()),
        _ => inside(&plain, 0, 0, 2),
    }
}

const WAYS: usize = 7;

/// One product of operands that are stored in some ways, against the reference.
fn multiplies(
    kernel: MatmulKernel,
    device: &Device,
    [m, n, k]: [usize; 3],
    [way_a, way_b]: [usize; 2],
    seed: usize,
) -> Result<()> {
    let (a, b) = (numbers(m * k, seed), numbers(k * n, seed + 1));
    let left = stored(&a, [m, k], way_a, device)?;
    let right = stored(&b, [k, n], way_b, device)?;
    assert_eq!(
        left.matmul(&right)?.to_vec::<f32>()?,
        reference(&a, &b, 1, [m, n, k]),
        "{kernel:?}: {m} × {k} stored in way {way_a} by {k} × {n} in way {way_b}"
    );
    Ok(())
}

fn edges_and_layouts(device: &Device) -> Result<()> {
    for (kernel, device) in forced(device)? {
        let mut turn = 0;
        for m in SIZES {
            for n in SIZES {
                // Each pair of sizes meets a few depths and ways; all of them meet over the sizes.
                for k in [SIZES[turn % SIZES.len()], SIZES[(turn + 5) % SIZES.len()]] {
                    turn += 1;
                    let (way_a, way_b) = (turn % WAYS, turn / WAYS % WAYS);
                    multiplies(kernel, &device, [m, n, k], [way_a, way_b], turn)?;
                }
            }
        }
    }
    Ok(())
}

/// The blocks in workgroup memory at their own edges, and the one that a GPU of some processors takes.
fn edges_of_blocks(device: &Device) -> Result<()> {
    let options = DeviceOptions::new().sentinels();
    let mut devices = each(device, options.clone(), BLOCKS)?;
    for processors in [1, 4] {
        let options = options.clone().processors(processors);
        devices.extend(each(device, options, [MatmulKernel::Workgroup])?);
    }
    for (turn, (kernel, device)) in devices.into_iter().enumerate() {
        for (i, [m, n, k]) in [[127, 129, 17], [193, 64, 32]].into_iter().enumerate() {
            let way = (i + turn) % WAYS;
            multiplies(kernel, &device, [m, n, k], [way, (way + 1) % WAYS], i)?;
        }
    }
    Ok(())
}

fn few_rows_of_many_columns(device: &Device) -> Result<()> {
    for (kernel, device) in forced(device)? {
        for (m, n, k) in [(1, 4096, 3), (1, 4100, 65), (3, 4160, 9), (4, 5124, 72)] {
            let (a, b, c) = (numbers(m * k, n), numbers(k * n, k), numbers(m * n, m));
            let left = Tensor::from_slice(&a, [m, k], &device)?;
            let right = Tensor::from_slice(&b, [k, n], &device)?;
            // The sum takes the place of the term, which must be read before and not again.
            let sum = left.matmul(&right)? + Tensor::from_slice(&c, [m, n], &device)?;
            let product = reference(&a, &b, 1, [m, n, k]);
            let want: Vec<f32> = product.iter().zip(&c).map(|(x, y)| x + y).collect();
            assert_eq!(
                sum.to_vec::<f32>()?,
                want,
                "{kernel:?}: {m} × {k} by {k} × {n}"
            );
        }
    }
    Ok(())
}

fn batches(device: &Device) -> Result<()> {
    for (kernel, device) in forced(device)? {
        let [m, n, k] = [5, 36, 12];
        let (a, b) = (numbers(6 * m * k, 1), numbers(6 * k * n, 2));
        let left = Tensor::from_slice(&a, [2, 3, m, k], &device)?;
        let right = Tensor::from_slice(&b, [2, 3, k, n], &device)?;
        let want = reference(&a, &b, 6, [m, n, k]);
        assert_eq!(left.matmul(&right)?.to_vec::<f32>()?, want, "{kernel:?}");
        // One right operand for all, and batches in another order.
        let one = right.slice(s![1, 2])?;
        let repeated: Vec<f32> = (0..6)
            .flat_map(|_| b[5 * k * n..].iter().copied())
            .collect();
        let want = reference(&a, &repeated, 6, [m, n, k]);
        assert_eq!(
            left.matmul(&one)?.to_vec::<f32>()?,
            want,
            "{kernel:?}, broadcast"
        );
        let turned = left
            .permute(&[1, 0, 2, 3])?
            .matmul(&one)?
            .permute(&[1, 0, 2, 3])?;
        assert_eq!(
            turned.to_vec::<f32>()?,
            want,
            "{kernel:?}, permuted batches"
        );
        // An operand on both sides.
        let square = left.slice(s![0, 0])?;
        let both = square.matmul(&square.t())?.to_vec::<f32>()?;
        let across: Vec<f32> = (0..k)
            .flat_map(|l| (0..m).map(move |i| (i, l)))
            .map(|(i, l)| a[i * k + l])
            .collect();
        assert_eq!(
            both,
            reference(&a[..m * k], &across, 1, [m, m, k]),
            "{kernel:?}, x·xᵀ"
        );
        // An operand that the epilogue reads too.
        let wide = Tensor::from_slice(&numbers(256, 3), [16, 16], &device)?;
        let sum = (wide.matmul(&wide)? + &wide).to_vec::<f32>()?;
        let values = numbers(256, 3);
        let want: Vec<f32> = reference(&values, &values, 1, [16; 3])
            .iter()
            .zip(&values)
            .map(|(c, x)| c + x)
            .collect();
        assert_eq!(sum, want, "{kernel:?}, x·x + x");
    }
    Ok(())
}

fn dtypes(device: &Device) -> Result<()> {
    for (kernel, device) in forced(device)? {
        let [m, n, k] = [17, 36, 12];
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let left = Tensor::from_slice(&a, [m, k], &device)?;
        let right = Tensor::from_slice(&b, [k, n], &device)?;
        let want = reference(&a, &b, 1, [m, n, k]);
        let whole: Vec<i32> = want.iter().map(|&x| x as i32).collect();
        let got = left
            .to_dtype(DType::I32)
            .matmul(&right.to_dtype(DType::I32))?;
        assert_eq!(got.to_vec::<i32>()?, whole, "{kernel:?}, i32");
        if device.supports_f16() {
            // All sums are below 2048, where f16 has all whole numbers.
            let got = left
                .to_dtype(DType::F16)
                .matmul(&right.to_dtype(DType::F16))?;
            assert_eq!(
                got.to_dtype(DType::F32).to_vec::<f32>()?,
                want,
                "{kernel:?}, f16"
            );
        }
    }
    Ok(())
}

/// An epilogue so long that it is not repeated for each result.
fn long_epilogue(device: &Device) -> Result<()> {
    for (kernel, device) in forced(device)? {
        for [m, n, k] in [[33, 20, 9], [5, 66, 16]] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let left = Tensor::from_slice(&a, [m, k], &device)?;
            let right = Tensor::from_slice(&b, [k, n], &device)?;
            let product = left.matmul(&right)?;
            let separate = Tensor::from_slice(&product.to_vec::<f32>()?, [m, n], &device)?;
            let long = |t: &Tensor| (t * 0.01f32).gelu().sin().erf();
            let fused = long(&left.matmul(&right)?).to_vec::<f32>()?;
            assert_eq!(fused, long(&separate).to_vec::<f32>()?, "{kernel:?}");
        }
    }
    Ok(())
}

/// Long products of few blocks, cut along k as for a GPU of many processors.
fn slices_of_k(device: &Device) -> Result<()> {
    let options = DeviceOptions::new().processors(8).sentinels();
    for (kernel, device) in each(device, options, FAMILY)? {
        for (turn, [m, n, k]) in [[33, 70, 1024], [3, 70, 1501], [65, 1, 4002]]
            .into_iter()
            .enumerate()
        {
            let (a, b, c) = (numbers(m * k, n), numbers(k * n, k), numbers(m * n, m));
            let left = stored(&a, [m, k], turn % WAYS, &device)?;
            let right = stored(&b, [k, n], (turn + 3) % WAYS, &device)?;
            let sum = left.matmul(&right)? + Tensor::from_slice(&c, [m, n], &device)?;
            let product = reference(&a, &b, 1, [m, n, k]);
            let want: Vec<f32> = product.iter().zip(&c).map(|(x, y)| x + y).collect();
            assert_eq!(
                sum.to_vec::<f32>()?,
                want,
                "{kernel:?}: {m} × {k} by {k} × {n}"
            );
        }
        let [m, n, k] = [17, 36, 1200];
        let (a, b) = (numbers(3 * m * k, 1), numbers(3 * k * n, 2));
        let left = Tensor::from_slice(&a, [3, m, k], &device)?;
        let right = Tensor::from_slice(&b, [3, k, n], &device)?;
        let want = reference(&a, &b, 3, [m, n, k]);
        assert_eq!(left.matmul(&right)?.to_vec::<f32>()?, want, "{kernel:?}");
        let whole = left.to_dtype(DType::I32);
        let got = whole.matmul(&right.to_dtype(DType::I32))?;
        let want: Vec<i32> = want.iter().map(|&x| x as i32).collect();
        assert_eq!(got.to_vec::<i32>()?, want, "{kernel:?}, i32");
    }
    Ok(())
}

/// A product is cut in the same way whichever kernel of the family computes it, and is not the sum in one go.
fn slices_change_with_no_kernel(device: &Device) -> Result<()> {
    let product = |processors: usize, kernels: &[MatmulKernel]| -> Result<Vec<Vec<u32>>> {
        let mut all = Vec::new();
        let options = DeviceOptions::new().processors(processors);
        for (_, device) in each(device, options, kernels.iter().copied())? {
            let mut random = Generator::new(9);
            let a = random.normal([1200, 40], &device)?.contiguous();
            let b = random.normal([1200, 70], &device)?.contiguous();
            let values = a.t().matmul(&b)?.relu().to_vec::<f32>()?;
            all.push(values.into_iter().map(f32::to_bits).collect());
        }
        Ok(all)
    };
    let cut = product(8, &[&FAMILY[..], &BLOCKS].concat())?;
    let whole = product(1, &FAMILY[..1])?;
    for bits in &cut {
        assert!(bits == &cut[0], "cut differently");
    }
    for (cut, whole) in cut.iter().zip(&whole) {
        assert!(cut != whole, "not cut");
    }
    Ok(())
}

/// The text of a general product serves every size and alignment.
fn new_sizes_compile_nothing(device: &Device) -> Result<()> {
    let mut devices = forced(device)?;
    // As on a GPU: other blocks suit, and k is cut.
    let options = DeviceOptions::new().processors(2);
    devices.extend(each(device, options, [MatmulKernel::Workgroup])?);
    for (kernel, device) in devices {
        let product = |m: usize, n: usize, k: usize| -> Result<u64> {
            let left = Tensor::from_slice(&numbers(m * k, 1), [m, k], &device)?;
            let right = Tensor::from_slice(&numbers(k * n, 1), [k, n], &device)?;
            left.matmul(&right)?.relu().to_vec::<f32>()?;
            Ok(device.counters().pipelines)
        };
        let first = product(64, 64, 64)?;
        for [m, n, k] in [
            [63, 64, 64],
            [64, 63, 64],
            [64, 64, 63],
            [5, 9, 2],
            [2, 3, 200],
            [130, 10, 64],
            [200, 300, 5],
            [8, 8, 1100],
        ] {
            assert_eq!(
                product(m, n, k)?,
                first,
                "{kernel:?}: {m} × {k} by {k} × {n}"
            );
        }
    }
    Ok(())
}
