//! Basic indexing agrees with NumPy's, through the `s!` macro.

use tilewise::{Device, Ellipsis, Error, ErrorKind, NewAxis, Result, SliceSpec, Tensor, s};

use crate::support::compare::assert_same;
use crate::support::golden::Golden;

tests![golden, inclusive_ranges, long_steps, constants_and_scalars];

/// The slices of `slices.txt` as the macro reads them, under their own text.
macro_rules! specs {
    ($([$($entry:tt)*])*) => { vec![$((stringify!($($entry)*), s![$($entry)*])),*] };
}

fn specs() -> Vec<(&'static str, SliceSpec)> {
    specs! {
        [1..4] [..;2] [..;-1] [-1] [0] [-5] [1..4, 2] [.., -1] [Ellipsis, -1] [Ellipsis, 0, ..]
        [2, 3, 4] [-1, -1, -1] [5..1;-2] [4..0;-1, ..;3] [-1..-4;-1] [..-1, 1..-1, 2..-2]
        [Ellipsis, ..;-1] [.., ..;-2, ..;-3] [..;-1, ..;-1, ..;-1] [NewAxis]
        [NewAxis, .., NewAxis, 2] [Ellipsis, NewAxis] [1, Ellipsis, NewAxis, ..;2]
        [NewAxis, Ellipsis, NewAxis] [Ellipsis] [3..3] [4..1] [1..4;-1] [10..] [-100..2]
        [..100, 5..] [..;100] [..;-100] [100..;-2] [.., 6.., 0] [1..1, NewAxis, Ellipsis, -1]
        [-3.., -2.., -1..] [0..1, 0..1, 0..1] [4..;-1, 0] [.., 1..;2, 1..;3]
        [-1..;-1, Ellipsis, ..;-3] [..-6;-1] [..-5;-1] [5, .., ..] [-6] [.., 6] [0, 0, 0, 0]
        [.., .., .., ..] [Ellipsis, Ellipsis] [..;0]
    }
}

fn golden(device: &Device) -> Result<()> {
    let golden = Golden::read("slices.txt");
    let operand = golden.case("operand").array("a");
    let a = Tensor::from_slice(&operand.values::<i32>(), operand.shape.as_slice(), device)?;
    // Also where the operand is itself no whole storage.
    let padded = Tensor::concat(&[&a.flip(2)?, &a.flip(2)?], 0)?;
    let view = padded.narrow(0, 5, 5)?.flip(2)?;

    let plain = |text: &str| {
        text.replace(char::is_whitespace, "")
            .replace("Ellipsis", "...")
    };
    let specs: Vec<(String, SliceSpec)> = specs()
        .into_iter()
        .map(|(text, spec)| (format!("s![{}]", plain(text)), spec))
        .collect();
    for case in golden.cases().iter().filter(|case| case.name != "operand") {
        let text = plain(case.text("rust").expect("each case has the macro's text"));
        let (_, spec) = specs
            .iter()
            .find(|(t, _)| *t == text)
            .unwrap_or_else(|| panic!("{text}"));
        match case.text("error") {
            None => {
                let want = case.array("result");
                for a in [&a, &view] {
                    let got = a.slice(spec.clone())?;
                    assert_eq!(got.shape(), want.shape, "{}", case.name);
                    assert_same(&case.name, &got.to_vec::<i32>()?, &want.values());
                }
            }
            Some(numpy) => {
                let error = a.slice(spec.clone()).expect_err(numpy);
                let said = match error.kind() {
                    ErrorKind::Index {
                        index, axis, size, ..
                    } => {
                        format!("index {index} is out of bounds for axis {axis} with size {size}")
                    }
                    _ => error.to_string(),
                };
                // As far as the two say the same.
                let start = numpy
                    .split([':', '('])
                    .next()
                    .expect("split gives one part");
                let start = start.replace(" for array", "");
                assert!(
                    said.contains(start.trim()),
                    "{}: {error} is not {numpy}",
                    case.name
                );
            }
        }
    }
    Ok(())
}

fn inclusive_ranges(device: &Device) -> Result<()> {
    let a = Tensor::arange(0, 10, 1, device)?;
    assert_eq!(a.slice(s![2..=4])?.to_vec::<i32>()?, [2, 3, 4]);
    assert_eq!(a.slice(s![..=2])?.to_vec::<i32>()?, [0, 1, 2]);
    assert_eq!(a.slice(s![..=-1])?.size(), 10);
    assert_eq!(a.slice(s![-3..=-2])?.to_vec::<i32>()?, [7, 8]);
    let n = 4usize;
    assert_eq!(a.slice(s![n..n + 2])?.to_vec::<i32>()?, [4, 5]);
    assert_eq!(a.slice(s![n])?.item::<i32>()?, 4);
    Ok(())
}

/// Steps beyond the axis, as far as they can be written.
fn long_steps(device: &Device) -> Result<()> {
    let x = Tensor::from_slice(&[0, 1, 2, 3, 4, 5], [2, 3], device)?;
    let (most, least) = (isize::MAX, isize::MIN);
    for (spec, want) in [
        (s![least..most; most], [0, 1, 2]),
        (s![..; least], [3, 4, 5]),
        (s![1..; most], [3, 4, 5]),
    ] {
        assert_eq!(x.slice(spec)?.to_vec::<i32>()?, want);
    }
    assert_eq!(x.slice(s![2..; least, ..; most])?.shape(), [1, 1]);
    assert_eq!(
        x.windows(0, 1, usize::MAX, usize::MAX / 2)?.shape(),
        [1, 3, 1]
    );
    Ok(())
}

fn constants_and_scalars(device: &Device) -> Result<()> {
    let ones = Tensor::ones([4, 5], device)?.slice(s![1..3, ..;-2])?;
    assert_eq!(
        (ones.shape(), ones.to_vec::<f32>()?),
        (&[2, 3][..], vec![1.0; 6])
    );
    let scalar = Tensor::new(5, device)?;
    assert_eq!(scalar.slice(s![])?.item::<i32>()?, 5);
    assert_eq!(scalar.slice(s![NewAxis])?.shape(), [1]);
    assert!(scalar.slice(s![0]).is_err());
    Ok::<(), Error>(())
}
