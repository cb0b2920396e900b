//! Printing agrees with NumPy's.

use tilewise::{DType, Device, Error, PrintOptions, Result, Tensor, f16};

use crate::support::golden::{Array, Case, Golden};
use crate::support::own;

tests![
    golden,
    f16_and_precision,
    elision_reads_the_edges,
    views,
    options_and_the_formatter,
    debug
];

/// The array as a tensor of its own dtype.
fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    let shape = array.shape.as_slice();
    match array.dtype.as_str() {
        "f32" => Tensor::from_slice(&array.values::<f32>(), shape, device),
        "i32" => Tensor::from_slice(&array.values::<i32>(), shape, device),
        "u32" => Tensor::from_slice(&array.values::<u32>(), shape, device),
        _ => Tensor::from_slice(&array.bools(), shape, device),
    }
}

/// The options that a case names; NumPy's defaults for the rest.
fn options(case: &Case) -> PrintOptions {
    let number = |key| case.text(key).map(|_| case.value::<usize>(key));
    let mut options = PrintOptions::new();
    if let Some(digits) = number("precision") {
        options = options.precision(digits);
    }
    if let Some(size) = number("threshold") {
        options = options.threshold(size);
    }
    if let Some(count) = number("edgeitems") {
        options = options.edgeitems(count);
    }
    if let Some(columns) = number("linewidth") {
        options = options.linewidth(columns);
    }
    options.suppress(number("suppress") == Some(1))
}

fn golden(device: &Device) -> Result<()> {
    for case in Golden::read("display.txt").cases() {
        let want = case.text("str").expect("each case has NumPy's text");
        let x = tensor(case.array("values"), device)?;
        let got = x.display(&options(case)).to_string();
        assert!(got == want, "{}: got\n{got}\nwant\n{want}", case.name);
    }
    Ok(())
}

/// Texts are of NumPy 2.4.
fn f16_and_precision(device: &Device) -> Result<()> {
    let print =
        |values: &[f32]| -> Result<Tensor> { Tensor::from_slice(values, [values.len()], device) };
    assert_eq!(
        format!("{:.3}", print(&[1.0 / 3.0, 0.5, 1e-3])?),
        "[0.333 0.5   0.001]"
    );
    assert_eq!(format!("{:.3}", print(&[0.1999, 0.9996])?), "[0.2 1. ]");
    assert_eq!(
        format!("{:.3}", print(&[0.0625, 0.0005, 0.0015])?),
        "[0.062 0.001 0.002]"
    );
    assert_eq!(
        format!("{:.3}", print(&[12345.678, 1e4])?),
        "[12345.678 10000.   ]"
    );
    assert_eq!(format!("{:.3}", print(&[1e-4, 2e-4])?), "[0. 0.]");
    assert_eq!(
        format!("{:.1}", print(&[1.234e-9, 1.0])?),
        "[1.2e-09 1.0e+00]"
    );
    assert_eq!(format!("{:.3}", print(&[1.0 / 3.0])?.sum(0)?), "0.333");
    assert_eq!(
        print(&[1234567.0, 1e6])?.to_string(),
        "[1.234567e+06 1.000000e+06]"
    );
    assert_eq!(print(&[999999.0])?.to_string(), "[999999.]");
    // Halfway between two decimals of the fewest digits.
    assert_eq!(print(&[225_329.62])?.to_string(), "[225329.62]");
    assert_eq!(print(&[0.001, 1.0])?.to_string(), "[0.001 1.   ]");
    assert_eq!(print(&[1e-4])?.squeeze_all().to_string(), "1e-04");
    assert_eq!(print(&[1e6])?.squeeze_all().to_string(), "1e+06");
    assert_eq!(print(&[999999.0])?.squeeze_all().to_string(), "999999.0");
    if device.supports_f16() {
        for (values, want) in [
            (&[0.1, 1000.5][..], "[9.9976e-02 1.0005e+03]"),
            (&[0.1, 0.2], "[0.1 0.2]"),
            (&[65504.0, 1e-4], "[6.55e+04 1.00e-04]"),
            (&[999.0, 1.0], "[999.   1.]"),
            (&[1e-4, 2e-4], "[0.0001 0.0002]"),
            (&[1000.0, 1.0], "[1.e+03 1.e+00]"),
            (&[6e-8, 1.0], "[6.e-08 1.e+00]"),
            (&[6e4, 6e-8], "[6.e+04 6.e-08]"),
        ] {
            let values: Vec<f16> = values.iter().map(|&v| f16::from_f64(v)).collect();
            let x = Tensor::from_slice(&values, [values.len()], device)?;
            assert_eq!(x.to_string(), want);
        }
        let one = |v| Tensor::new(f16::from_f64(v), device).map(|x| x.to_string());
        assert_eq!(one(65504.0)?, "6.55e+04");
        assert_eq!(one(1.0004e-4)?, "0.0001");
    }
    Ok(())
}

/// A large tensor is not read back: its edges are cut out first.
fn elision_reads_the_edges() -> Result<()> {
    let device = Device::new_cpu();
    let x = Tensor::arange(0, 8_000_000, 1, &device)?.reshape([200, 200, 200])?;
    device.flush()?;
    let before = device.memory();
    let text = x.to_string();
    assert!(
        text.starts_with("[[[      0       1       2 ...     197     198     199]\n"),
        "{text}"
    );
    assert!(text.ends_with(" 7999997 7999998 7999999]]]"), "{text}");
    // A copy of the whole would have shown in the peak.
    assert!(device.memory().peak < before.peak + x.nbytes() as u64 / 2);
    Ok(())
}

fn views(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 6, 1, device)?.reshape([2, 3])?;
    assert_eq!(x.t().to_string(), "[[0 3]\n [1 4]\n [2 5]]");
    assert_eq!(x.flip(1)?.to_string(), "[[2 1 0]\n [5 4 3]]");
    assert_eq!(
        Tensor::new(7, device)?.broadcast_to([2, 2])?.to_string(),
        "[[7 7]\n [7 7]]"
    );
    assert_eq!(
        Tensor::full([2], true, DType::Bool, device)?.to_string(),
        "[ True  True]"
    );
    let rank8 = Tensor::zeros([1; 8], device)?;
    assert_eq!(rank8.to_string(), "[[[[[[[[0.]]]]]]]]");
    // A failed computation is printed, and is no error of the writer.
    let device = &own(device)?;
    let far = Tensor::from_slice(&[0, 9], [2], device)?;
    let picked = Tensor::zeros([2, 3], device)?.index_select(0, &far)?;
    let text = picked.to_string();
    assert!(
        text.contains("index 9 is out of range for axis 0 of size 2"),
        "{text}"
    );
    Ok::<(), Error>(())
}

/// The formatter's precision stands above the options'.
fn options_and_the_formatter(device: &Device) -> Result<()> {
    let x = Tensor::new([1.0 / 3.0, 2.0], device)?;
    let options = PrintOptions::new().precision(2);
    assert_eq!(x.display(&options).to_string(), "[0.33 2.  ]");
    assert_eq!(format!("{:.4}", x.display(&options)), "[0.3333 2.    ]");
    assert_eq!(format!("{x:.4}"), "[0.3333 2.    ]");
    assert_eq!(x.sum(0)?.display(&options).to_string(), "2.33");
    assert_eq!(x.display(&PrintOptions::new()).to_string(), x.to_string());
    // All of it, and as little of it as there can be.
    let n = Tensor::arange(0, 1001, 1, device)?;
    let all = n
        .display(&PrintOptions::new().threshold(usize::MAX))
        .to_string();
    assert!(all.contains(" 500 ") && !all.contains("..."));
    let one = PrintOptions::new().threshold(0).edgeitems(0);
    assert_eq!(n.display(&one).to_string(), "[   0 ... 1000]");
    let wide = PrintOptions::new().threshold(0).edgeitems(usize::MAX);
    assert_eq!(n.display(&wide).to_string(), all);
    Ok(())
}

fn debug() -> Result<()> {
    let x = Tensor::zeros([2, 3], &Device::cpu())?;
    assert_eq!(format!("{x:?}"), "Tensor(f32 (2,3) on cpu, strides [0, 0])");
    let x = Tensor::new([[1, 2], [3, 4]], &Device::cpu())?;
    assert_eq!(format!("{x:?}"), "Tensor(i32 (2,2) on cpu, contiguous)");
    let strides = "Tensor(i32 (2,2) on cpu, strides [1, 2])";
    assert_eq!(format!("{:?}", x.t()), strides);
    let row = x.slice(tilewise::s![1])?;
    let offset = "Tensor(i32 (2,) on cpu, contiguous, offset 2)";
    assert_eq!(format!("{row:?}"), offset);
    let flipped = "Tensor(i32 (2,2) on cpu, strides [2, -1], offset 1)";
    assert_eq!(format!("{:?}", x.flip(1)?), flipped);
    Ok(())
}
