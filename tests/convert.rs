//! Tensors out of the host's `Vec`s and arrays and back; promotion, and dtypes on the way.

use tilewise::{DType, Device, Error, ErrorKind, Result, Tensor, f16, s};

use crate::support::layouts::laid;

tests![
    vectors_and_arrays,
    layouts_are_read_in_order,
    shapes_that_do_not_fit,
    ragged_rows_are_named,
    onto_the_default_device,
    promotion_is_as_the_page_says,
    scalars_are_weak,
    f16_everywhere,
    constants_like
];

fn vectors_and_arrays(device: &Device) -> Result<()> {
    let x = Tensor::new([[1.5f32, 2.0, 3.0], [4.0, 5.0, 6.0]], device)?;
    assert_eq!(
        <Vec<Vec<f32>>>::try_from(&x)?,
        [[1.5, 2.0, 3.0], [4.0, 5.0, 6.0]]
    );
    assert_eq!(
        <[[f32; 3]; 2]>::try_from(&x)?,
        [[1.5, 2.0, 3.0], [4.0, 5.0, 6.0]]
    );
    assert_eq!(
        <Vec<[f64; 2]>>::try_from(x.t())?,
        [[1.5, 4.0], [2.0, 5.0], [3.0, 6.0]]
    );
    assert_eq!(<[Vec<f32>; 2]>::try_from(&x)?[1], [4.0, 5.0, 6.0]);
    let n = Tensor::new([3, -4], device)?;
    assert_eq!(Vec::<i32>::try_from(&n)?, [3, -4]);
    assert_eq!(Vec::<i64>::try_from(&n)?, [3, -4]);
    assert_eq!(<[i32; 2]>::try_from(n)?, [3, -4]);
    let masks = Tensor::new([true, false], device)?;
    assert_eq!(<[bool; 2]>::try_from(&masks)?, [true, false]);
    let words = Tensor::new([u32::MAX], device)?;
    assert_eq!(<[u32; 1]>::try_from(&words)?, [u32::MAX]);
    // Empty axes, and as deep as a tensor can be.
    let none = Tensor::zeros([0], device)?;
    assert_eq!(Vec::<f32>::try_from(&none)?, [0f32; 0]);
    assert_eq!(<[f32; 0]>::try_from(&none)?, [0f32; 0]);
    let rows = Tensor::zeros([2, 0], device)?;
    assert_eq!(<Vec<Vec<f32>>>::try_from(&rows)?, [[0f32; 0]; 2]);
    assert_eq!(<[[f32; 0]; 2]>::try_from(&rows)?, [[0f32; 0]; 2]);
    let columns = Tensor::zeros([0, 2], device)?;
    assert!(<Vec<Vec<f32>>>::try_from(&columns)?.is_empty());
    let deep = Tensor::new([[[[[[[[7.0f32]]]]]]]], device)?;
    assert_eq!(deep.ndim(), 8);
    assert_eq!(
        <[[[[[[[[f32; 1]; 1]; 1]; 1]; 1]; 1]; 1]; 1]>::try_from(&deep)?,
        [[[[[[[[7.0]]]]]]]]
    );
    Ok(())
}

fn layouts_are_read_in_order(device: &Device) -> Result<()> {
    for laid in laid(device, &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])? {
        let flat = laid.tensor.reshape([-1])?;
        assert_eq!(Vec::<f32>::try_from(&flat)?, laid.values, "{}", laid.name);
        if let [rows, columns] = *laid.tensor.shape() {
            let nested = <Vec<Vec<f32>>>::try_from(&laid.tensor)?;
            assert_eq!((nested.len(), nested.concat()), (rows, laid.values));
            assert!(nested.iter().all(|row| row.len() == columns));
        }
    }
    Ok(())
}

fn shapes_that_do_not_fit(device: &Device) -> Result<()> {
    let x = Tensor::zeros([2, 3], device)?;
    for (result, word) in [
        (Vec::<f32>::try_from(&x).map(drop), "1 dimensions"),
        (<[f32; 6]>::try_from(&x).map(drop), "1 dimensions"),
        (<Vec<Vec<Vec<f32>>>>::try_from(&x).map(drop), "3 dimensions"),
        (
            <[[f32; 2]; 2]>::try_from(&x).map(drop),
            "size 3 is no array of 2",
        ),
        (
            <[Vec<f32>; 3]>::try_from(&x).map(drop),
            "size 2 is no array of 3",
        ),
    ] {
        let error = result.expect_err("the shape does not fit");
        assert!(matches!(error.kind(), ErrorKind::Shape { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(word) && text.contains("(2,3)"), "{text}");
        assert_eq!(error.location().file(), file!());
    }
    let error = <Vec<Vec<i32>>>::try_from(&x).expect_err("floats are no integers");
    assert!(matches!(error.kind(), ErrorKind::DType { .. }), "{error}");
    Ok(())
}

fn ragged_rows_are_named(device: &Device) -> Result<()> {
    let rows = vec![
        vec![vec![1.0f32, 2.0], vec![3.0, 4.0]],
        vec![vec![5.0, 6.0], vec![7.0]],
    ];
    let error = Tensor::new(&rows, device).expect_err("a row is too short");
    assert!(
        error
            .to_string()
            .contains("row [1][1] has 1 elements where earlier rows have 2"),
        "{error}"
    );
    assert_eq!(Tensor::new(&rows[..1], device)?.shape(), [1, 2, 2]);
    Ok(())
}

fn onto_the_default_device() -> Result<()> {
    let device = Device::default();
    let from_vec = Tensor::try_from(vec![1.0f32, 2.0])?;
    assert_eq!((from_vec.device(), from_vec.shape()), (&device, &[2][..]));
    let from_rows = Tensor::try_from(vec![vec![1, 2], vec![3, 4]])?;
    assert_eq!(
        (from_rows.dtype(), from_rows.shape()),
        (DType::I32, &[2, 2][..])
    );
    assert_eq!(Tensor::try_from([[true], [false]])?.shape(), [2, 1]);
    assert_eq!(Tensor::try_from(&[1u32, 2, 3][..])?.shape(), [3]);
    assert_eq!(Tensor::try_from(&vec![0.5])?.item::<f32>()?, 0.5);
    let ragged = Tensor::try_from(vec![vec![1], vec![]]).expect_err("rows differ");
    assert!(
        ragged.to_string().contains("row [1] has 0 elements"),
        "{ragged}"
    );
    assert_eq!(ragged.location().file(), file!());
    Ok(())
}

const DTYPES: [DType; 5] = [DType::Bool, DType::U32, DType::I32, DType::F16, DType::F32];

/// The table of `docs/numerics.md` between two titles: a row's name and its cells.
fn page_table(title: &str) -> Vec<(String, Vec<String>)> {
    let page = include_str!("../docs/numerics.md");
    let (_, rest) = page.split_once(title).expect("the page has the title");
    let rows = rest.lines().skip_while(|line| !line.starts_with("| **"));
    let rows = rows.take_while(|line| line.starts_with("| **"));
    rows.map(|line| {
        let mut cells = line
            .trim_matches('|')
            .split('|')
            .map(|c| c.trim().replace("**", ""));
        (cells.next().unwrap_or_default(), cells.collect())
    })
    .collect()
}

/// Each pair of dtypes meets in what the page prints beside NumPy's, by the method and by arithmetic.
fn promotion_is_as_the_page_says(device: &Device) -> Result<()> {
    let rows = page_table("## Promotion");
    assert_eq!(rows.len(), DTYPES.len());
    for (left, (name, cells)) in DTYPES.into_iter().zip(rows) {
        assert_eq!((left.name(), cells.len()), (&*name, DTYPES.len()));
        for (right, cell) in DTYPES.into_iter().zip(cells) {
            // "f32 (float64)": ours, and NumPy's where it differs.
            let ours = cell.split(' ').next().unwrap_or_default().to_owned();
            assert_eq!(left.promote(right).name(), ours, "{left} with {right}");
            assert_eq!(right.promote(left), left.promote(right));
            if !device.supports_f16() && [left, right].contains(&DType::F16) {
                continue;
            }
            let (a, b) = (
                Tensor::full([2], 1, left, device)?,
                Tensor::full([2], 1, right, device)?,
            );
            assert_eq!(a.result_type(&b), left.promote(right));
            let product = (&a * &b).dtype();
            // Arithmetic on two bools is that of integers.
            let want = if ours == "bool" {
                DType::I32
            } else {
                left.promote(right)
            };
            assert_eq!(product, want, "{left} · {right}");
        }
    }
    Ok(())
}

/// With a Rust scalar the tensor's dtype stays, but for a float with integers and a number with bools.
fn scalars_are_weak(device: &Device) -> Result<()> {
    let rows = page_table("### With Rust scalars");
    assert_eq!(rows.len(), DTYPES.len());
    for (dtype, (name, cells)) in DTYPES.into_iter().zip(rows) {
        assert_eq!((dtype.name(), cells.len()), (&*name, 3));
        if dtype == DType::F16 && !device.supports_f16() {
            continue;
        }
        let x = Tensor::full([2], 1, dtype, device)?;
        let ours = |cell: &str| cell.split(' ').next().unwrap_or_default().to_owned();
        let results = [x.result_type(true), x.result_type(2), x.result_type(0.5)];
        let names = results.map(|dtype| dtype.name().to_owned());
        assert_eq!(
            names.to_vec(),
            cells.iter().map(|c| ours(c)).collect::<Vec<_>>(),
            "{dtype}"
        );
        if dtype != DType::Bool {
            assert_eq!(
                [(&x * true).dtype(), (&x * 2).dtype(), (&x * 0.5).dtype()],
                results
            );
        }
        assert_eq!(x.maximum(2)?.dtype(), results[1]);
    }
    Ok(())
}

/// f16 is created, moved about, read and printed where a device has it.
fn f16_everywhere(device: &Device) -> Result<()> {
    if !device.supports_f16() {
        let made = Tensor::new([f16::ONE], device).expect_err("no f16 here");
        let none = |error: &Error| {
            matches!(
                error.kind(),
                ErrorKind::DType {
                    dtype: DType::F16,
                    ..
                }
            )
        };
        assert!(none(&made), "{made}");
        // A cast cannot fail by itself, and is told when it is read.
        let cast = Tensor::new([1.5f32], device)?.to_dtype(DType::F16);
        let read = cast.to_vec::<f16>().expect_err("no f16 here");
        assert!(none(&read), "{read}");
        return Ok(());
    }
    let half = f16::from_f32;
    let values = [0.5f32, -2.0, 65504.0, 1e-7, f32::INFINITY, f32::NAN, 3.0].map(half);
    for laid in laid(device, &values)? {
        let bits = |values: &[f16]| -> Vec<u16> { values.iter().map(|v| v.to_bits()).collect() };
        let flat = laid.tensor.reshape([-1])?;
        assert_eq!(
            bits(&Vec::<f16>::try_from(&flat)?),
            bits(&laid.values),
            "{}",
            laid.name
        );
        assert_eq!(
            bits(&laid.tensor.contiguous().to_vec()?),
            bits(&laid.values)
        );
        let wide: Vec<f64> = laid.tensor.to_vec()?;
        assert!(
            wide.iter()
                .zip(&laid.values)
                .all(|(a, b)| *a == b.to_f64() || a.is_nan())
        );
    }
    let x = Tensor::new([[half(1.5), half(2.0)], [half(3.0), half(-0.25)]], device)?;
    assert_eq!((x.dtype(), x.nbytes()), (DType::F16, 8));
    assert_eq!(x.to_string(), "[[ 1.5   2.  ]\n [ 3.   -0.25]]");
    assert_eq!(Tensor::concat(&[&x, &x], 0)?.dtype(), DType::F16);
    assert_eq!(x.sum(0)?.to_vec::<f16>()?, [half(4.5), half(1.75)]);
    assert_eq!(x.matmul(&x)?.dtype(), DType::F16);
    assert_eq!(x.max(..)?.item::<f16>()?, half(3.0));
    assert_eq!(x.gt(1.5)?.select(&x, 0.0)?.to_vec::<f16>()?[0], f16::ZERO);
    assert_eq!(x.to_device(&Device::cpu())?.to_vec::<f16>()?[1], half(2.0));
    let ones = Tensor::full([3], 1, DType::F16, device)?;
    assert_eq!((&ones + 1).to_vec::<f16>()?, [half(2.0); 3]);
    assert_eq!(x.to_dtype(DType::I32).to_vec::<i32>()?, [1, 2, 3, 0]);
    assert_eq!(x.to_dtype(DType::Bool).to_vec::<bool>()?, [true; 4]);
    Ok(())
}

fn constants_like(device: &Device) -> Result<()> {
    let tensors = [
        Tensor::new([[1i32, -2], [3, 4]], device)?.t(),
        Tensor::new(true, device)?,
        Tensor::zeros([2, 0, 3], device)?,
        Tensor::new([1u32, 2, 3, 4], device)?.slice(s![..;-2])?,
    ];
    for x in &tensors {
        let made = [x.zeros_like(), x.ones_like(), x.full_like(2.75)];
        let values = [0.0, 1.0, if x.dtype().is_float() { 2.75 } else { 2.0 }];
        for (made, value) in made.iter().zip(values) {
            assert_eq!((made.shape(), made.dtype()), (x.shape(), x.dtype()));
            let value = if x.dtype() == DType::Bool {
                f64::min(value, 1.0)
            } else {
                value
            };
            assert_eq!(made.to_vec::<f64>()?, vec![value; x.size()]);
        }
    }
    Ok(())
}
