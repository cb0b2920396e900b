//! Convolutions and pooling agree with PyTorch's, NumPy's and SciPy's.

use tilewise::{Conv, DType, Device, Error, Mode, Pad, Padding, Pool, Result, Tensor};

use crate::support::compare::assert_near;
use crate::support::golden::{Array, Case, Golden};
use crate::support::gradient::{check, check_twice};

tests![
    golden,
    views,
    dtypes,
    pooling,
    pooling_edges,
    parts_of_a_batch,
    wide_images,
    wide_images_not_finite,
    errors,
    gradients,
    gradients_of_pooling,
];

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    Tensor::from_slice(&array.values::<f32>(), array.shape.as_slice(), device)
}

fn pair(case: &Case, key: &str) -> Option<[usize; 2]> {
    let list = case.list::<usize>(key)?;
    Some([list[0], list[1]])
}

fn options(case: &Case) -> Conv {
    let mut options = Conv::new();
    if let Some(stride) = pair(case, "stride") {
        options = options.stride(stride);
    }
    if let Some(dilation) = pair(case, "dilation") {
        options = options.dilation(dilation);
    }
    if let Some([groups, _]) = pair(case, "groups") {
        options = options.groups(groups);
    }
    if let Some(more) = pair(case, "output_padding") {
        options = options.output_padding(more);
    }
    match (case.text("padding"), pair(case, "padding")) {
        (_, Some(padding)) => options.padding(padding),
        (Some("same"), _) => options.padding(Padding::Same),
        (Some("valid"), _) => options.padding(Padding::Valid),
        _ => options,
    }
}

fn compute(case: &Case, x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let bias = case
        .try_array("bias")
        .map(|b| tensor(b, x.device()))
        .transpose()?;
    let mode = match case.text("mode") {
        Some("full") => Mode::Full,
        Some("same") => Mode::Same,
        _ => Mode::Valid,
    };
    let boundary = match case.text("boundary") {
        Some("wrap") => Pad::Wrap,
        Some("symm") => Pad::Symmetric,
        Some("fill 2") => Pad::constant(2),
        _ => Pad::constant(0),
    };
    match case.text("op").expect("each case names its op") {
        "conv1d" => x.conv1d(w, bias.as_ref(), options(case)),
        "conv2d" => x.conv2d(w, bias.as_ref(), options(case)),
        "conv_transpose1d" => x.conv_transpose1d(w, bias.as_ref(), options(case)),
        "conv_transpose2d" => x.conv_transpose2d(w, bias.as_ref(), options(case)),
        "convolve" => x.convolve(w, mode),
        "correlate" => x.correlate(w, mode),
        "convolve2d" => x.convolve2d(w, mode, boundary),
        op => panic!("{}: unknown op {op}", case.name),
    }
}

/// Sums of products of multiples of 1/4 are exact.
fn golden(device: &Device) -> Result<()> {
    for case in Golden::read("convolutions.txt").cases() {
        let want = case.array("result");
        let (x, w) = (
            tensor(case.array("x"), device)?,
            tensor(case.array("w"), device)?,
        );
        let got = compute(case, &x, &w).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_eq!(got.shape(), want.shape, "{}", case.name);
        let got: Vec<f64> = got.to_vec()?;
        assert_eq!(got, want.values::<f64>(), "{} on {device}", case.name);
    }
    Ok(())
}

fn views(device: &Device) -> Result<()> {
    let golden = Golden::read("convolutions.txt");
    for case in golden
        .cases()
        .iter()
        .filter(|case| case.text("op") == Some("conv2d"))
    {
        let (x, w) = (
            tensor(case.array("x"), device)?,
            tensor(case.array("w"), device)?,
        );
        // Channels last in memory, and flipped.
        let rank = x.ndim() as isize;
        let last = x
            .moveaxis(rank - 3, -1)?
            .contiguous()
            .moveaxis(-1, rank - 3)?;
        let flipped = w.flip(2)?.contiguous().flip(2)?;
        let got: Vec<f64> = compute(case, &last, &flipped)?.to_vec()?;
        assert_eq!(got, case.array("result").values::<f64>(), "{}", case.name);
    }
    let still = Tensor::ones([1, 1, 3, 3], device)?;
    let y = still.conv2d(&still, None, Conv::new().padding(1))?;
    assert_eq!(y.to_vec::<f32>()?, [4., 6., 4., 6., 9., 6., 4., 6., 4.]);
    Ok(())
}

fn dtypes(device: &Device) -> Result<()> {
    let n = Tensor::new([1, 0, 2, 3], device)?;
    let got = n.convolve(&Tensor::new([1, -1], device)?, Mode::Full)?;
    assert_eq!(
        (got.dtype(), got.to_vec::<i32>()?),
        (DType::I32, vec![1, -1, 2, 1, -3])
    );
    let mask = n.ne(0)?;
    assert_eq!(mask.convolve(&mask, Mode::Valid)?.to_vec::<i32>()?, [2]);
    if device.supports_f16() {
        let halves = n.to_dtype(DType::F16);
        let got = halves.convolve(&halves, Mode::Same)?;
        assert_eq!(
            (got.dtype(), got.to_vec::<f64>()?),
            (DType::F16, vec![0., 4., 6., 4.])
        );
    }
    let image = n.reshape([2, 2])?;
    assert_eq!(image.max_pool2d(2)?.item::<i32>()?, 3);
    assert_eq!(
        (-&image)
            .max_pool2d(Pool::new(2).padding(1))?
            .to_vec::<i32>()?,
        [-1, 0, -2, -3]
    );
    assert_eq!(image.avg_pool2d(2)?.item::<f32>()?, 1.5);
    let unsigned = image.to_dtype(DType::U32);
    assert_eq!(unsigned.max_pool1d(2)?.to_vec::<u32>()?, [1, 3]);
    Ok(())
}

fn pool(case: &Case) -> Pool {
    let mut pool = Pool::new(pair(case, "kernel_size").expect("each case has a size"));
    if let Some(stride) = pair(case, "stride") {
        pool = pool.stride(stride);
    }
    if let Some(padding) = pair(case, "padding") {
        pool = pool.padding(padding);
    }
    if let Some(dilation) = pair(case, "dilation") {
        pool = pool.dilation(dilation);
    }
    pool.ceil_mode(case.text("ceil_mode") == Some("1"))
        .count_include_pad(case.text("count_include_pad") != Some("0"))
}

fn pooling(device: &Device) -> Result<()> {
    for case in Golden::read("pooling.txt").cases() {
        let (x, pool) = (tensor(case.array("x"), device)?, pool(case));
        let of = |x: &Tensor| match case.text("op") {
            Some("max_pool1d") => x.max_pool1d(pool),
            Some("max_pool2d") => x.max_pool2d(pool),
            Some("avg_pool1d") => x.avg_pool1d(pool),
            _ => x.avg_pool2d(pool),
        };
        let want = case.array("result");
        for x in [&x, &x.t().contiguous().t()] {
            let got = of(x).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            assert_eq!(got.shape(), want.shape, "{}", case.name);
            assert_near(
                &case.name,
                &got.to_vec::<f32>()?,
                &want.values(),
                1e-6,
                3e-7,
            );
        }
    }
    Ok(())
}

fn pooling_edges(device: &Device) -> Result<()> {
    let x = Tensor::new(
        [1f32, f32::NAN, 3., f32::NEG_INFINITY, f32::NEG_INFINITY],
        device,
    )?;
    let got = x.max_pool1d(Pool::new(2).stride(1))?.to_vec::<f32>()?;
    assert!(got[0].is_nan() && got[1].is_nan());
    assert_eq!(got[2..], [3.0, f32::NEG_INFINITY]);
    let empty = Tensor::zeros([0, 4], device)?;
    assert_eq!(empty.max_pool1d(2)?.shape(), [0, 2]);
    assert_eq!(empty.avg_pool1d(2)?.shape(), [0, 2]);
    Ok(())
}

/// The windows of a large batch are laid out a part at a time, with the same result.
fn parts_of_a_batch(device: &Device) -> Result<()> {
    let image = Tensor::arange(0, 1 << 14, 1, device)?
        .remainder(7)?
        .to_dtype(DType::F32);
    let image = image.reshape([1, 1, 128, 128])?.contiguous();
    let kernel = Tensor::arange(0, 4 * 25, 1, device)?
        .remainder(5)?
        .to_dtype(DType::F32);
    let kernel = kernel.reshape([4, 1, 5, 5])?.contiguous();
    let options = Conv::new().padding(2);
    // 25 · 2¹⁴ elements of windows an image: 40 images take two parts.
    let n = 44;
    let batch = image.broadcast_to([n, 1, 128, 128])?;
    let (one, many) = (image.variable(), kernel.variable());
    let want = one.conv2d(&many, None, options)?;
    device.synchronize()?;
    let got = batch.conv2d(&kernel.variable(), None, options)?;
    let plan = got.explain();
    assert!(
        plan.contains("(40,") && !plan.contains("(44,1,1,5"),
        "{plan}"
    );
    let want_values: Vec<f32> = want.to_vec()?;
    let got: Vec<f32> = got.to_vec()?;
    assert!(
        got.chunks(want_values.len())
            .all(|image| image == want_values)
    );
    // Gradients: of the batch's kernels n times those of one.
    let x = batch.contiguous().variable();
    let w = kernel.variable();
    let grads = x.conv2d(&w, None, options)?.sum(..)?.backward()?;
    let single = want.sum(..)?.backward()?;
    let of =
        |grads: &tilewise::Gradients, v: &Tensor| grads.get(v).expect("a gradient").to_vec::<f32>();
    let expected: Vec<f64> = of(&single, &many)?
        .iter()
        .map(|&g| f64::from(g) * n as f64)
        .collect();
    assert_near("weights", &of(&grads, &w)?, &expected, 1e-6, 0.0);
    let per_image: Vec<f32> = of(&single, &one)?;
    assert!(
        of(&grads, &x)?
            .chunks(per_image.len())
            .all(|image| image == per_image)
    );
    Ok(())
}

fn said(result: Result<Tensor>) -> String {
    result
        .map(|t| t.ndim())
        .expect_err("an error")
        .kind()
        .to_string()
}

fn errors(device: &Device) -> Result<()> {
    let ones = |shape: &[usize]| Tensor::ones(shape, device);
    let (x, w) = (ones(&[1, 3, 5, 5])?, ones(&[2, 3, 3, 3])?);
    let conv = |w: &Tensor, options| said(x.conv2d(w, None, options));
    assert!(conv(&ones(&[2, 4, 3, 3])?, Conv::new()).contains("1 groups"));
    assert!(conv(&w, Conv::new().groups(3)).contains("3 groups"));
    assert!(conv(&w, Conv::new().groups(0)).contains("0 groups"));
    assert!(conv(&w, Conv::new().stride(0)).contains("the stride must be at least 1"));
    assert!(conv(&w, Conv::new().dilation(0)).contains("the dilation must be"));
    assert!(
        conv(&w, Conv::new().dilation(3)).contains("with dilation 3 must have an element and fit")
    );
    assert!(conv(&ones(&[2, 3, 6, 1])?, Conv::new()).contains("fit the padded input of 5"));
    assert!(conv(&ones(&[2, 3, 0, 1])?, Conv::new()).contains("must have an element"));
    assert!(conv(&ones(&[3, 3])?, Conv::new()).contains("dimensions"));
    assert!(conv(&w, Conv::new().stride(2).padding(Padding::Same)).contains("stride of 1 only"));
    let bias = said(x.conv2d(&w, Some(&ones(&[3])?), Conv::new()));
    assert!(bias.contains("the bias must have shape (2,)"), "{bias}");
    let y = ones(&[1, 2, 3, 3])?;
    let back = |options| said(y.conv_transpose2d(&w, None, options));
    assert!(back(Conv::new().padding(Padding::Same)).contains("no Padding::Same"));
    assert!(back(Conv::new().output_padding(1)).contains("smaller than stride or dilation"));
    assert!(back(Conv::new().padding(3)).contains("the output would have no size"));
    // Exactly none is no size either.
    let none =
        said(ones(&[1, 2, 3])?.conv_transpose1d(&ones(&[2, 1, 2])?, None, Conv::new().padding(2)));
    assert!(none.contains("the output would have no size"), "{none}");
    assert!(back(Conv::new().groups(3)).contains("a multiple of 3 groups"));
    let (a, none) = (ones(&[3])?, Tensor::zeros([0], device)?);
    assert!(
        said(a.convolve(&none, Mode::Full))
            .contains("at least one element are needed (shape (0,))")
    );
    assert!(said(a.correlate(&x, Mode::Full)).contains("vectors"));
    let (tall, wide) = (ones(&[3, 1])?, ones(&[1, 3])?);
    let said2 = said(tall.convolve2d(&wide, Mode::Valid, Pad::constant(0)));
    assert!(said2.contains("one must cover the other"), "{said2}");
    assert!(
        said(x.max_pool2d(Pool::new(6))).contains("a window of 6 with dilation 1 does not fit 5")
    );
    assert!(
        said(x.max_pool2d(Pool::new(2).padding(2))).contains("more than half of a window of 2")
    );
    assert!(said(x.avg_pool2d(0)).contains("at least 1"));
    assert!(said(a.max_pool2d(1)).contains("at least 2 dimensions"));
    Ok::<(), Error>(())
}

fn values(n: usize, step: f32) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * step).sin()).collect()
}

fn gradients(device: &Device) {
    let (x, w, b) = (values(32, 0.7), values(32, 1.3), values(4, 2.1));
    for (what, options) in [
        ("conv2d", Conv::new()),
        (
            "conv2d with padding and stride",
            Conv::new().stride([1, 2]).padding([1, 0]),
        ),
        (
            "conv2d with dilation",
            Conv::new().dilation([1, 2]).padding(1),
        ),
        (
            "conv2d of groups",
            Conv::new().groups(2).padding(Padding::Same),
        ),
    ] {
        let groups = if what.contains("groups") { 2 } else { 1 };
        let kernels = [4 / groups, 2 / groups, 2, 2];
        let size: usize = kernels.iter().product();
        let inputs = [(&x[..24], &[1, 2, 3, 4][..]), (&w[..size], &kernels[..])];
        check_twice(device, what, &inputs, |x| x[0].conv2d(&x[1], None, options));
    }
    let inputs = [
        (&x[..16], &[2, 2, 4][..]),
        (&w[..12], &[3, 2, 2]),
        (&b[..3], &[3]),
    ];
    check(device, "conv1d", &inputs, |x| {
        x[0].conv1d(&x[1], Some(&x[2]), Conv::new().stride(2).padding(1))
    });
    let inputs = [(&x[..12], &[1, 2, 2, 3][..]), (&w[..16], &[2, 2, 2, 2])];
    check_twice(device, "conv_transpose2d", &inputs, |x| {
        let options = Conv::new().stride(2).padding(1).output_padding([1, 0]);
        x[0].conv_transpose2d(&x[1], None, options)
    });
    let inputs = [(&x[..6], &[6][..]), (&w[..3], &[3])];
    for mode in [Mode::Full, Mode::Same, Mode::Valid] {
        check(device, "convolve", &inputs, |x| x[0].convolve(&x[1], mode));
    }
    check(device, "correlate", &inputs, |x| {
        x[1].correlate(&x[0], Mode::Same)
    });
    let inputs = [(&x[..12], &[3, 4][..]), (&w[..4], &[2, 2])];
    check(device, "convolve2d", &inputs, |x| {
        x[0].convolve2d(&x[1], Mode::Same, Pad::Wrap)
    });
}

fn gradients_of_pooling(device: &Device) {
    let x = values(24, 0.7);
    let image = [(&x[..], &[1, 2, 3, 4][..])];
    for pool in [
        Pool::new(2).stride(1),
        Pool::new([3, 2]).padding(1).ceil_mode(true),
    ] {
        check(device, "max_pool2d", &image, |x| x[0].max_pool2d(pool));
        check_twice(device, "avg_pool2d", &image, |x| x[0].avg_pool2d(pool));
    }
}

/// Multiples of 1/4, of which sums of products are exact.
fn quarters(n: usize, seed: usize) -> Vec<f64> {
    let one = |i: usize| (((i + seed) * 7919 % 33) as f64 - 16.0) / 4.0;
    (0..n).map(one).collect()
}

/// Sizes of a convolution: batch, channels, height and width, channels of the result, kernel, stride, padding,
/// dilation, groups.
#[derive(Debug)]
struct Sizes {
    image: [usize; 4],
    out: usize,
    kernel: [usize; 2],
    stride: usize,
    padding: usize,
    dilation: usize,
    groups: usize,
}

/// The convolution as it is defined, and its shape.
fn defined(x: &[f64], w: &[f64], s: &Sizes) -> (Vec<f64>, [usize; 4]) {
    let [n, c, h, width] = s.image;
    let [kh, kw] = s.kernel;
    let places = |size: usize, kernel: usize| {
        (size + 2 * s.padding - s.dilation * (kernel - 1) - 1) / s.stride + 1
    };
    let (oh, ow, each) = (places(h, kh), places(width, kw), c / s.groups);
    let mut out = Vec::new();
    for i in 0..n * s.out * oh * ow {
        let (image, o, y0, x0) = (
            i / (s.out * oh * ow),
            i / (oh * ow) % s.out,
            i / ow % oh,
            i % ow,
        );
        let mut sum = 0.0;
        for j in 0..each * kh * kw {
            let (channel, y, x1) = (j / (kh * kw), j / kw % kh, j % kw);
            let row = (y0 * s.stride + y * s.dilation).wrapping_sub(s.padding);
            let column = (x0 * s.stride + x1 * s.dilation).wrapping_sub(s.padding);
            if row < h && column < width {
                let channel = o / (s.out / s.groups) * each + channel;
                let at = ((image * c + channel) * h + row) * width + column;
                sum += x[at] * w[o * each * kh * kw + j];
            }
        }
        out.push(sum);
    }
    (out, [n, s.out, oh, ow])
}

/// Images that are wide enough for their windows to be read through the view: every option, each dtype, and the
/// gradients, which are convolutions too.
fn wide_images(device: &Device) -> Result<()> {
    let plain = |image, out, kernel| Sizes {
        image,
        out,
        kernel,
        stride: 1,
        padding: 0,
        dilation: 1,
        groups: 1,
    };
    let cases = [
        plain([1, 1, 5, 40], 1, [3, 3]),
        plain([2, 3, 6, 37], 5, [2, 3]),
        plain([1, 4, 3, 300], 33, [3, 1]),
        plain([1, 60, 3, 50], 9, [3, 3]),
        Sizes {
            padding: 1,
            ..plain([3, 2, 5, 16], 4, [3, 3])
        },
        Sizes {
            padding: 2,
            stride: 2,
            ..plain([1, 3, 9, 70], 2, [5, 4])
        },
        Sizes {
            dilation: 3,
            ..plain([1, 2, 10, 61], 11, [3, 2])
        },
        Sizes {
            groups: 4,
            padding: 1,
            ..plain([2, 4, 7, 33], 4, [3, 3])
        },
        Sizes {
            groups: 3,
            ..plain([1, 6, 8, 90], 9, [3, 5])
        },
        Sizes {
            groups: 2,
            stride: 3,
            ..plain([1, 2, 30, 80], 2, [2, 2])
        },
    ];
    for case in &cases {
        let [n, c, h, width] = case.image;
        let weights = [case.out, c / case.groups, case.kernel[0], case.kernel[1]];
        let (x, w) = (
            quarters(n * c * h * width, 1),
            quarters(weights.iter().product(), 2),
        );
        let (want, shape) = defined(&x, &w, case);
        let options = Conv::new()
            .stride(case.stride)
            .padding(case.padding)
            .dilation(case.dilation)
            .groups(case.groups);
        let image = Tensor::from_slice(&x, case.image, device)?;
        let kernel = Tensor::from_slice(&w, weights, device)?;
        let turned = |t: &Tensor| t.flip(3)?.contiguous().flip(3);
        let pairs = [
            (image.clone(), kernel.clone()),
            (turned(&image)?, turned(&kernel)?),
        ];
        for (x, w) in &pairs {
            let out = x.conv2d(w, None, options)?;
            assert_eq!(out.shape(), shape, "{case:?}");
            assert_eq!(out.to_vec::<f64>()?, want, "{case:?}");
        }
        let integer = |t: &Tensor| t.try_mul(4.0).map(|t| t.to_dtype(DType::I32));
        let out = integer(&image)?.conv2d(&integer(&kernel)?, None, options)?;
        let sixteen: Vec<f64> = want.iter().map(|v| 16.0 * v).collect();
        assert_eq!(out.to_vec::<f64>()?, sixteen, "{case:?}");
        if device.supports_f16() {
            let half = |t: &Tensor| t.to_dtype(DType::F16);
            let out = half(&image).conv2d(&half(&kernel), None, options)?;
            let rounded: Vec<f64> = want
                .iter()
                .map(|v| tilewise::f16::from_f64(*v).to_f64())
                .collect();
            assert_eq!(out.to_vec::<f64>()?, rounded, "{case:?}");
        }
        // Of Σ g·(x ⋆ w), which is linear in each, the derivative by x times x is the sum itself, as is that by w.
        let (x, w) = (image.variable(), kernel.variable());
        let g = Tensor::from_slice(&quarters(want.len(), 3), shape, device)?;
        let sum = x.conv2d(&w, None, options)?.try_mul(&g)?.sum(..)?;
        let grads = sum.backward()?;
        let value = sum.item::<f64>()?;
        for (name, operand) in [("image", &x), ("weights", &w)] {
            let gradient = grads.get(operand).expect("the sum depends on it");
            let again = operand.detach().try_mul(gradient)?.sum(..)?.item::<f64>()?;
            let size = operand
                .detach()
                .try_mul(gradient)?
                .abs()
                .sum(..)?
                .item::<f64>()?;
            assert!(
                (again - value).abs() <= 1e-5 * size,
                "{case:?}, {name}: {again} for {value}"
            );
        }
    }
    Ok(())
}

/// A NaN reaches the windows that hold it and no others.
fn wide_images_not_finite(device: &Device) -> Result<()> {
    for (groups, out) in [(1, 5), (2, 2)] {
        let case = Sizes {
            image: [1, 2, 6, 45],
            out,
            kernel: [3, 3],
            stride: 1,
            padding: 1,
            dilation: 1,
            groups,
        };
        let mut x = quarters(2 * 6 * 45, 1);
        (x[3 * 45 + 20], x[45 - 1]) = (f64::NAN, f64::INFINITY);
        let w: Vec<f64> = quarters(out * 18 / groups, 2)
            .iter()
            .map(|v| v + 0.125)
            .collect();
        let (want, _) = defined(&x, &w, &case);
        let image = Tensor::from_slice(&x, case.image, device)?;
        let kernel = Tensor::from_slice(&w, [out, 2 / groups, 3, 3], device)?;
        let got = image.conv2d(&kernel, None, Conv::new().padding(1).groups(groups))?;
        for (i, (got, want)) in got.to_vec::<f64>()?.iter().zip(&want).enumerate() {
            let same = got == want || (got.is_nan() && want.is_nan());
            assert!(same, "{groups} groups, element {i}: got {got}, want {want}");
        }
    }
    Ok(())
}
