//! Assignment agrees with NumPy's, changes no other tensor, and has gradients.

use tilewise::prelude::*;
use tilewise::{SliceSpec, f16};

use crate::support::compare::assert_same;
use crate::support::golden::Golden;
use crate::support::gradient::{Input, check_twice};

tests![
    slice_assign,
    set,
    masked_fill,
    set_where,
    every_dtype,
    of_views,
    gradients,
    mistakes,
    isclose,
    allclose,
    array_equal,
];

fn spec(text: &str) -> SliceSpec {
    match text {
        "s![..]" => s![..],
        "s![1]" => s![1],
        "s![1..3]" => s![1..3],
        "s![..;2, ..;-1]" => s![..;2, ..;-1],
        "s![..;-1, 1]" => s![..;-1, 1],
        "s![.., 1..4]" => s![.., 1..4],
        "s![Ellipsis, -1]" => s![Ellipsis, -1],
        "s![-1, -1]" => s![-1, -1],
        "s![NewAxis, 2]" => s![NewAxis, 2],
        "s![2..2]" => s![2..2],
        "s![1..]" => s![1..],
        "s![..2]" => s![..2],
        other => panic!("{other} is not spelled here"),
    }
}

fn slice_assign(device: &Device) -> Result<()> {
    let golden = Golden::read("assignment.txt");
    for case in golden.cases() {
        let (x, value) = (case.array("x"), case.array("value"));
        let x = Tensor::from_slice(&x.values::<i32>(), &x.shape[..], device)?;
        let value = match value.dtype.as_str() {
            "f32" => Tensor::from_slice(&value.values::<f32>(), &value.shape[..], device)?,
            "bool" => Tensor::from_slice(&value.bools(), &value.shape[..], device)?,
            _ => Tensor::from_slice(&value.values::<i32>(), &value.shape[..], device)?,
        };
        let before = x.to_vec::<i32>()?;
        let flipped = x.flip(..)?.contiguous().flip(..)?;
        let want = case.array("result").values::<i32>();
        for x in [&x, &flipped] {
            let y = x.slice_assign(spec(&case.name), &value)?;
            assert_eq!((y.dtype(), y.shape()), (DType::I32, x.shape()));
            assert_same(&case.name, &y.to_vec::<i32>()?, &want);
            assert_same(&case.name, &x.to_vec::<i32>()?, &before);
        }
    }
    Ok(())
}

fn set(device: &Device) -> Result<()> {
    let mut x = Tensor::arange(0, 12, 1, device)?.reshape([3, 4])?;
    let (row, all) = (x.slice(s![1])?, x.clone());
    x.set(s![1], &row * 10)?;
    x.set(s![.., 0], -1)?;
    x.set(s![-1, 1..], 2.9)?;
    let moved = x.slice(s![.., ..-1])?;
    x.set(s![.., 1..], &moved)?;
    assert_eq!(
        x.to_vec::<i32>()?,
        [-1, -1, 1, 2, -1, -1, 50, 60, -1, -1, 2, 2]
    );
    // Views and clones of what it was keep it.
    assert_eq!(row.to_vec::<i32>()?, [4, 5, 6, 7]);
    assert_eq!(all.to_vec::<i32>()?, (0..12).collect::<Vec<_>>());
    // Of a constant, of rank 0, of nothing.
    let mut ones = Tensor::ones([2, 2], device)?;
    ones.set(s![0, 1], 5)?;
    assert_eq!(ones.to_vec::<f32>()?, [1., 5., 1., 1.]);
    let mut scalar = Tensor::new(1, device)?;
    scalar.set(s![], 7)?;
    scalar.set(s![Ellipsis], &scalar.clone() + 1)?;
    assert_eq!(scalar.item::<i32>()?, 8);
    let mut empty = Tensor::zeros([0, 3], device)?;
    empty.set(s![.., 1], 3.0)?;
    assert_eq!(empty.shape(), [0, 3]);
    // After each a read: the memory is used again.
    let mut x = Tensor::arange(0, 5, 1, device)?.contiguous();
    for i in 0..5 {
        x.set(s![i], 10 * i)?;
        device.flush()?;
    }
    assert_eq!(x.to_vec::<i32>()?, [0, 10, 20, 30, 40]);
    Ok(())
}

fn masked_fill(device: &Device) -> Result<()> {
    let x = Tensor::new([[1.0, -2.0, f32::NAN], [-0.0, 5.0, -6.0]], device)?;
    let negative = x.lt(0.0)?;
    assert_eq!(
        x.masked_fill(&negative, 9)?.slice(s![1])?.to_vec::<f32>()?,
        [-0.0, 5.0, 9.0]
    );
    let filled = x.masked_fill(&x.is_nan(), 0.5)?;
    assert_eq!(filled.slice(s![0])?.to_vec::<f32>()?, [1.0, -2.0, 0.5]);
    // Mask and value broadcast; numbers are masks too.
    let rows = Tensor::new([[0], [3]], device)?;
    let row = Tensor::new([7, 8, 9], device)?;
    let got = x.masked_fill(&rows, &row)?;
    assert_eq!(
        (got.dtype(), got.slice(s![1])?.to_vec::<f32>()?),
        (DType::F32, vec![7., 8., 9.])
    );
    let whole = x.to_dtype(DType::I32).masked_fill(&rows, 2.9)?;
    assert_eq!(
        (whole.dtype(), whole.slice(s![1])?.to_vec::<i32>()?),
        (DType::I32, vec![2; 3])
    );
    let scalar = Tensor::new(3.0, device)?;
    assert_eq!(
        scalar.masked_fill(&scalar.gt(2)?, -1.0)?.item::<f32>()?,
        -1.0
    );
    let empty = Tensor::zeros([2, 0], device)?;
    assert_eq!(empty.masked_fill(&empty.gt(0)?, 1)?.shape(), [2, 0]);
    Ok(())
}

fn set_where(device: &Device) -> Result<()> {
    let mut x = Tensor::arange(0, 6, 1, device)?;
    let before = x.clone();
    let odd = x.remainder(2)?.eq(1)?;
    x.set_where(&odd, -1)?;
    assert_eq!(x.to_vec::<i32>()?, [0, -1, 2, -1, 4, -1]);
    x.set_where(&odd, before.flip(0)?)?;
    assert_eq!(x.to_vec::<i32>()?, [0, 4, 2, 2, 4, 0]);
    assert_eq!(before.to_vec::<i32>()?, [0, 1, 2, 3, 4, 5]);
    Ok(())
}

fn every_dtype(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 15, 1, device)?.reshape([3, 5])?;
    let mask = x.remainder(3)?.eq(0)?;
    let want = x.slice_assign(s![1.., ..;2], 1)?.masked_fill(&mask, 0)?;
    let mut dtypes = vec![DType::F32, DType::I32, DType::U32, DType::Bool];
    if device.supports_f16() {
        dtypes.push(DType::F16);
    }
    for dtype in dtypes {
        let got = x
            .to_dtype(dtype)
            .slice_assign(s![1.., ..;2], true)?
            .masked_fill(&mask, 0)?;
        assert_eq!(got.dtype(), dtype);
        assert!(got.array_equal(&want.to_dtype(dtype), false)?, "{dtype}");
    }
    Ok(())
}

/// Bases and values that are views, and a value that reads the base.
fn of_views(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 12, 1, device)?.reshape([3, 4])?;
    let mut y = x.t();
    y.set(s![1..3], x.slice(s![.., ..2])?.t().flip(..)?)?;
    assert_eq!(y.to_vec::<i32>()?, [0, 4, 8, 9, 5, 1, 8, 4, 0, 3, 7, 11]);
    let mut y = x.slice(s![0])?.broadcast_to([3, 4])?;
    y.set(s![1, ..;-1], &x.slice(s![2])?)?;
    assert_eq!(y.to_vec::<i32>()?, [0, 1, 2, 3, 11, 10, 9, 8, 0, 1, 2, 3]);
    let mut y = x.contiguous();
    drop(x);
    for _ in 0..3 {
        let doubled = y.slice(s![1, 1..3])? * 2;
        y.set(s![1, 1..3], doubled)?;
    }
    assert_eq!(y.slice(s![1])?.to_vec::<i32>()?, [4, 40, 48, 7]);
    Ok(())
}

fn gradients(device: &Device) -> Result<()> {
    const X: Input<'_> = (&[-1.7, -0.9, -0.4, 0.3, 0.8, 1.6], &[2, 3]);
    const V: Input<'_> = (&[0.5, -1.2], &[2, 1]);
    const ROW: Input<'_> = (&[0.7, -1.1, 1.9], &[3]);
    check_twice(device, "slice_assign", &[X, V], |x| {
        Ok(x[0].slice_assign(s![.., 1..], &x[1])?.square())
    });
    check_twice(device, "slice_assign of all", &[X, ROW], |x| {
        Ok(x[0].slice_assign(s![..], &x[1])?.square())
    });
    check_twice(device, "slice_assign of a number", &[X], |x| {
        Ok(x[0].slice_assign(s![0, ..;2], 3.0)?.square())
    });
    check_twice(device, "set", &[X, ROW], |x| {
        let mut y = x[0].exp();
        let turned = y.slice(s![0])? * &x[1];
        y.set(s![1, ..;-1], turned)?;
        Ok(y.square())
    });
    check_twice(device, "masked_fill", &[X, ROW], |x| {
        let mask = Tensor::new([[true, false, true], [false, true, false]], device)?;
        Ok(x[0].masked_fill(&mask, &x[1])?.square())
    });
    Ok(())
}

fn mistakes(device: &Device) -> Result<()> {
    let mut x = Tensor::arange(0, 6, 1, device)?.reshape([2, 3])?;
    fn fails<T>(got: Result<T>, words: &str) {
        let Err(error) = got else {
            panic!("no error: {words}")
        };
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            error.location().file().ends_with("tests/assign.rs"),
            "{error}"
        );
    }
    fails(
        x.slice_assign(s![2], 0),
        "slice_assign: index 2 is out of range for axis 0 of size 2",
    );
    fails(x.set(s![.., .., ..], 0), "set: too many indices");
    let two = Tensor::new([1, 2], device)?;
    fails(
        x.set(s![0], &two),
        "set: the value does not broadcast to (3,)",
    );
    fails(x.set(s![0, 0], &two), "does not broadcast to ()");
    fails(
        x.set(s![0], i64::MAX),
        "does not fit the tensor's dtype i32",
    );
    fails(
        x.masked_fill(&two, 0),
        "masked_fill: operands could not be broadcast",
    );
    fails(
        x.set_where(&Tensor::ones([4, 1, 1], device)?, 0),
        "set_where: the mask does not broadcast",
    );
    fails(
        x.masked_fill(&x.gt(0)?, &two),
        "masked_fill: the value does not broadcast to (2,3)",
    );
    assert_eq!(x.to_vec::<i32>()?, [0, 1, 2, 3, 4, 5]);
    Ok(())
}

fn isclose(device: &Device) -> Result<()> {
    let golden = Golden::read("isclose.txt");
    for case in golden.cases() {
        let tensor = |key: &str| {
            let array = case.array(key);
            Tensor::from_slice(&array.values::<f32>(), &array.shape[..], device)
        };
        let (a, b) = (tensor("a")?, tensor("b")?);
        let equal_nan = case.value::<u8>("equal_nan") == 1;
        let close = a.isclose(&b, case.value("rtol"), case.value("atol"), equal_nan)?;
        assert_same(
            &case.name,
            &close.to_vec::<bool>()?,
            &case.array("result").bools(),
        );
    }
    Ok(())
}

fn allclose(device: &Device) -> Result<()> {
    let x = Tensor::new([1.0, 2.0, 3.0], device)?;
    assert!(x.allclose(&x + 1e-6, 1e-5, 0.0, false)?);
    assert!(!x.allclose(&x + 1e-3, 1e-5, 0.0, false)?);
    assert!(x.allclose(Tensor::new([[1], [1]], device)? * &x, 0.0, 0.0, false)?);
    assert!(!x.allclose(2.0, 0.1, 0.0, false)?);
    assert!(x.allclose(2.0, 0.0, 1.0, false)?);
    let nan = Tensor::new([1.0, f32::NAN], device)?;
    assert!(!nan.allclose(&nan, 1e-5, 1e-8, false)?);
    assert!(nan.allclose(&nan, 1e-5, 1e-8, true)?);
    // Integers: exact where floats are not, over the whole range.
    let ends = Tensor::new([i32::MIN, i32::MAX, 1 << 30], device)?;
    assert!(ends.allclose(&ends, 0.0, 0.0, false)?);
    assert!(!ends.allclose(&ends.flip(0)?, 0.1, 0.0, false)?);
    assert!(!ends.allclose(&ends - 1, 0.0, 0.5, false)?);
    assert!(
        ends.slice(s![-1])?
            .allclose(&ends.slice(s![-1])? - 1, 0.0, 1.0, false)?
    );
    // From below too.
    let last = ends.slice(s![-1])?;
    assert!((&last - 1).allclose(&last, 0.0, 1.0, false)?);
    let unsigned = Tensor::new([0u32, u32::MAX], device)?;
    assert!(!unsigned.allclose(&unsigned.flip(0)?, 0.1, 0.0, false)?);
    if device.supports_f16() {
        let half = Tensor::from_slice(&[f16::MAX, f16::ONE], [2], device)?;
        assert!(half.allclose(&half, 1.0, 1e5, false)?);
    }
    let empty = Tensor::zeros([0, 3], device)?;
    assert!(empty.allclose(&empty, 0.0, 0.0, false)?);
    assert!(
        x.allclose(&Tensor::zeros([2], device)?, 0.0, 0.0, false)
            .is_err()
    );
    Ok(())
}

fn array_equal(device: &Device) -> Result<()> {
    let x = Tensor::new([[1.0, -0.0], [f32::NAN, f32::INFINITY]], device)?;
    assert!(!x.array_equal(&x, false)?);
    assert!(x.array_equal(&x, true)?);
    assert!(x.t().array_equal(&x.t().contiguous(), true)?);
    assert!(!x.array_equal(&x.t(), true)?);
    let whole = Tensor::arange(0, 3, 1, device)?;
    assert!(whole.array_equal(&whole.to_dtype(DType::F32), false)?);
    assert!(!whole.array_equal(&whole.unsqueeze(0)?, false)?);
    assert!(!whole.array_equal(&Tensor::new(0, device)?, false)?);
    let empty = Tensor::zeros([0, 3], device)?;
    assert!(empty.array_equal(&empty, false)? && !empty.array_equal(&empty.t(), false)?);
    Ok(())
}
