//! Each mistake is answered with the operation, the shapes or values, what would be right, and the
//! line of the program that made it.

use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use tilewise::{Backward, DType, Device, Error, ErrorKind, Generator, Result, Tensor, s};

use crate::support::own;

tests![
    broadcast,
    not_aligned,
    shape,
    axis,
    index,
    dtype,
    other_device,
    value,
    too_large,
    no_device,
    operators_panic,
    later_faults,
    faults_name_the_method,
    async_forms
];

/// Checks what an error says, and that it names the line of the call, which is the line of this
/// check or, where an argument is on a line of its own, one of the next two.
#[track_caller]
fn says<T: Debug>(result: Result<T>, kind: fn(&ErrorKind) -> bool, words: &[&str]) {
    let error = result.expect_err("the call fails");
    let text = error.to_string();
    assert!(kind(error.kind()), "another kind: {text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
    at(&error, Location::caller());
}

/// As [`says`], for what only running can tell: the line is that of the call, a little before, or of
/// the read.
#[track_caller]
fn tells<T: Debug>(result: Result<T>, kind: fn(&ErrorKind) -> bool, words: &[&str]) {
    let error = result.expect_err("the call fails");
    let (text, here, there) = (error.to_string(), Location::caller(), error.location());
    assert!(kind(error.kind()), "another kind: {text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
    let near = (here.line().saturating_sub(8)..here.line() + 3).contains(&there.line());
    assert!(
        there.file() == here.file() && near,
        "{text} was met at {here}"
    );
}

#[track_caller]
fn at(error: &Error, here: &Location<'_>) {
    let there = error.location();
    let near =
        there.file() == here.file() && (here.line()..here.line() + 3).contains(&there.line());
    assert!(near, "{error} was made at {here}");
    assert!(
        error
            .to_string()
            .ends_with(&format!("(at {}:{})", there.file(), there.line()))
    );
}

/// `matches!` as a function.
macro_rules! is {
    ($kind:ident) => {
        |kind| matches!(kind, ErrorKind::$kind { .. })
    };
}

fn zeros(shape: &[usize], device: &Device) -> Tensor {
    // Stored, so that nothing is decided on constants alone.
    Tensor::zeros(shape, device)
        .expect("a small shape")
        .contiguous()
}

fn broadcast(device: &Device) -> Result<()> {
    let (a, b) = (zeros(&[2, 3], device), zeros(&[2], device));
    let words = [
        "operands could not be broadcast",
        "(2,3) (2,)",
        "axis -1",
        "3 against 2",
    ];
    says(
        a.try_add(&b),
        is!(Broadcast),
        &[&["add"], &words[..]].concat(),
    );
    says(a.try_sub(&b), is!(Broadcast), &["sub"]);
    says(a.try_mul(&b), is!(Broadcast), &["mul"]);
    says(a.try_div(&b), is!(Broadcast), &["div"]);
    says(a.pow(&b), is!(Broadcast), &["pow"]);
    says(a.maximum(&b), is!(Broadcast), &["maximum"]);
    says(a.lt(&b), is!(Broadcast), &["lt"]);
    says(a.clamp(&b, 1.0), is!(Broadcast), &["maximum"]);
    says(a.logical_or(&b), is!(Broadcast), &["logical_or"]);
    says(a.atan2(&b), is!(Broadcast), &["atan2"]);
    says(a.gt(0)?.select(&a, &b), is!(Broadcast), &["select"]);
    says(b.gt(0)?.select(&a, 1.0), is!(Broadcast), &["select"]);
    // What would work.
    says(
        a.try_add(&b),
        is!(Broadcast),
        &["(2,) would fit after unsqueeze(1)"],
    );
    let batches = (zeros(&[2, 2, 3], device), zeros(&[3, 3, 5], device));
    says(
        batches.0.matmul(&batches.1),
        is!(Broadcast),
        &["matmul", "(2,)", "(3,)"],
    );
    Ok(())
}

fn not_aligned(device: &Device) {
    let (a, b) = (zeros(&[5, 3], device), zeros(&[10, 3], device));
    let words = [
        "matmul: shapes (5,3) and (10,3) not aligned: 3 (dim 1) != 10 (dim 0)",
        "b.t()",
    ];
    says(a.matmul(&b), is!(NotAligned), &words);
    says(
        a.t().matmul(&zeros(&[3, 4], device)),
        is!(NotAligned),
        &["a.t().matmul(&b)"],
    );
    says(
        a.matmul(&zeros(&[2, 5], device)),
        is!(NotAligned),
        &["b.matmul(&a)"],
    );
}

fn shape(device: &Device) {
    let a = zeros(&[2, 3], device);
    says(
        a.reshape([4, 2]),
        is!(Shape),
        &["reshape", "6 elements into [4, 2]", "(2,3)"],
    );
    says(a.reshape([4, -1]), is!(Shape), &["reshape", "(2,3)"]);
    says(
        a.reshape([-1, -1]),
        is!(Shape),
        &["only specify one unknown dimension"],
    );
    says(a.reshape([-2, 3]), is!(Shape), &["size -2"]);
    says(a.squeeze(0), is!(Shape), &["squeeze", "size 2", "(2,3)"]);
    says(
        a.unsqueeze(4),
        is!(Shape),
        &["unsqueeze", "axis 4", "-3 to 2"],
    );
    says(
        a.permute(&[0]),
        is!(Shape),
        &["permute", "each of the 2 axes"],
    );
    says(
        a.broadcast_to([3, 3]),
        is!(Broadcast),
        &["broadcast_to", "(2,3) (3,3)"],
    );
    says(a.broadcast_to([3]), is!(Shape), &["broadcast_to", "(3,)"]);
    says(
        a.narrow(1, 2, 2),
        is!(Shape),
        &["narrow", "2 elements from 2", "size 3"],
    );
    says(
        a.item::<f32>(),
        is!(Shape),
        &["item", "one element", "(2,3)"],
    );
    says(
        a.slice(s![0, 0, 0]),
        is!(Shape),
        &["slice", "3 for 2 dimensions"],
    );
    says(
        Tensor::from_slice(&[1, 2], [3], device),
        is!(Shape),
        &["from_slice", "2 values", "(3,)"],
    );
    says(
        zeros(&[0, 2], device).max(0),
        is!(Shape),
        &["max", "zero-size array", "(0,2)"],
    );
    says(
        zeros(&[], device).matmul(&a),
        is!(Shape),
        &["matmul", "scalar"],
    );
    says(
        Tensor::concat(&[&a, &zeros(&[3, 2], device)], 0),
        is!(Shape),
        &["concat", "(2,3)", "(3,2)"],
    );
    says(
        Tensor::stack(&[&a, &a.t()], 0),
        is!(Shape),
        &["stack", "(2,3)", "(3,2)"],
    );
    says(
        Tensor::stack(&[&a, &a], 5),
        is!(Shape),
        &["unsqueeze", "axis 5"],
    );
    let index = Tensor::new([[0], [1], [0]], device).expect("a matrix");
    says(
        a.gather(1, &index),
        is!(Shape),
        &["gather", "(2,3)", "(3,1)"],
    );
    says(
        a.index_select(0, &index),
        is!(Shape),
        &["index_select", "vector"],
    );
    says(a.backward(), |_| true, &["backward"]);
}

fn axis(device: &Device) {
    let a = zeros(&[2, 3], device);
    let words = [
        "axis 2 is out of range for shape (2,3) of 2 dimensions",
        "from -2 to 1",
    ];
    says(a.sum(2), is!(Axis), &[&["sum"], &words[..]].concat());
    says(a.mean([0, 2]), is!(Axis), &["mean"]);
    says(a.var(-3, 0), is!(Axis), &["var", "axis -3"]);
    says(a.argmax_keepdims(2), is!(Axis), &["argmax"]);
    says(a.softmax(2), is!(Axis), &["softmax"]);
    says(a.logsumexp(2), is!(Axis), &["logsumexp"]);
    says(a.sum([1, -1]), is!(Axis), &["axis -1 is named twice"]);
    says(a.permute(&[0, 0]), is!(Axis), &["permute", "named twice"]);
    says(a.transpose(0, 2), is!(Axis), &["transpose"]);
    says(a.flip(-3), is!(Axis), &["flip"]);
    says(a.squeeze(7), is!(Axis), &["squeeze", "axis 7"]);
    says(a.narrow(2, 0, 1), is!(Axis), &["narrow"]);
    says(Tensor::concat(&[&a], 3), is!(Axis), &["concat"]);
    says(
        zeros(&[], device).sum(0),
        is!(Axis),
        &["sum", "a zero-rank tensor has no axes"],
    );
}

fn index(device: &Device) -> Result<()> {
    let a = zeros(&[2, 3], device);
    let words = [
        "slice: index 3 is out of range for axis 1 of size 3",
        "from -3 to 2",
    ];
    says(a.slice(s![0, 3]), is!(Index), &words);
    // A constant index is known at once.
    let far = Tensor::full([2], 9, DType::I32, device)?;
    says(
        a.index_select(1, &far),
        is!(Index),
        &["index_select: index 9", "axis 1 of size 3"],
    );
    Ok(())
}

fn dtype(device: &Device) -> Result<()> {
    let a = zeros(&[2, 3], device);
    says(
        a.to_vec::<i32>(),
        is!(DType),
        &["read", "f32 is not supported", "to_dtype"],
    );
    says(a.read::<bool>().map(drop), is!(DType), &["read"]);
    says(
        a.gather(0, &a),
        is!(DType),
        &["gather", "f32", "u32 or i32"],
    );
    says(a.index_select(0, &a.sum(0)?), is!(DType), &["index_select"]);
    says(a.one_hot(3), is!(DType), &["one_hot"]);
    Ok(())
}

fn other_device(device: &Device) {
    let (a, b) = (zeros(&[2], device), zeros(&[2], &Device::new_cpu()));
    says(
        a.try_add(&b),
        is!(Device),
        &["add", "different devices", "to_device"],
    );
    says(a.matmul(&b), is!(Device), &["matmul"]);
    says(
        a.lt(1).and_then(|c| c.select(&a, &b)),
        is!(Device),
        &["select"],
    );
    says(Tensor::concat(&[&a, &b], 0), is!(Device), &["concat"]);
}

fn value(device: &Device) -> Result<()> {
    let a = zeros(&[2, 3], device);
    says(
        a.slice(s![..;0]),
        is!(Value),
        &["slice step cannot be zero"],
    );
    says(
        Tensor::arange(0, 5, 0, device),
        is!(Value),
        &["arange", "no range from 0 to 5 by 0"],
    );
    says(
        Tensor::linspace(0.0, f64::NAN, 3, device),
        is!(Value),
        &["linspace", "NaN"],
    );
    says(
        Tensor::zeros([1; 9], device),
        is!(Value),
        &["9 dimensions, at most 8"],
    );
    says(
        Tensor::new([vec![1, 2], vec![3]], device),
        is!(Value),
        &["row [1] has 1 elements", "have 2"],
    );
    let deep = [vec![vec![1.0, 2.0]], vec![vec![3.0, 4.0], vec![5.0, 6.0]]];
    says(
        Tensor::new(deep, device),
        is!(Value),
        &["row [1] has 2 elements"],
    );
    let words = ["from_slice", "5000000000 at 1", "i32"];
    says(
        Tensor::from_slice(&[1i64, 5_000_000_000], [2], device),
        is!(Value),
        &words,
    );
    says(
        Tensor::full([1], -1, DType::U32, device),
        is!(Value),
        &["full", "-1", "u32"],
    );
    let unsigned = Tensor::new([1u32], device)?;
    says(unsigned.try_add(-1), is!(Value), &["add", "-1", "u32"]);
    says(
        Tensor::concat(&[], 0),
        is!(Value),
        &["concat", "at least one"],
    );
    says(
        Generator::new(0).integers(3, 3, [1], device),
        is!(Value),
        &["integers", "3"],
    );
    says(a.backward_with(Backward::new()), |_| true, &["backward"]);
    Ok(())
}

fn too_large(device: &Device) -> Result<()> {
    let side = 1usize << 18;
    let (column, row) = (zeros(&[side, 1], device), zeros(&[side], device));
    let words = ["274877906944 bytes", "in one tensor"];
    says(
        column.try_add(&row),
        is!(TooLarge),
        &[&["add"], &words[..]].concat(),
    );
    says(column.lt(&row), is!(TooLarge), &["lt"]);
    says(column.matmul(&column.t()), is!(TooLarge), &["matmul"]);
    says(
        Generator::new(0).uniform([side, side], device),
        is!(TooLarge),
        &["random"],
    );
    let many = column.broadcast_to([1 << 40, side, 1])?;
    says(many.try_add(&row), is!(Value), &["too many elements"]);
    // A view takes no memory; what is made of it does, and says so when it is read.
    let whole = column.broadcast_to([side, side])?.exp();
    tells(whole.to_vec::<f32>(), is!(TooLarge), &["exp", "bytes"]);
    assert!(whole.to_string().contains("bytes are more than"));
    // The device still works.
    assert_eq!(row.sum(..)?.item::<f32>()?, 0.0);
    Ok(())
}

fn no_device() {
    says(
        Device::named("no such adapter"),
        is!(NoDevice),
        &["\"no such adapter\"", "there are: cpu"],
    );
}

thread_local! {
    static PANICKED_AT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Operators panic with the error's words at the caller's line.
fn operators_panic(device: &Device) -> Result<()> {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|l| (l.file().to_string(), l.line()));
        if PANICKED_AT.with_borrow_mut(|at| at.is_some().then(|| *at = place).is_none()) {
            before(info);
        }
    }));
    #[track_caller]
    fn panics(f: impl FnOnce() -> Tensor, words: &str) {
        let here = Location::caller();
        PANICKED_AT.set(Some(Default::default()));
        let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("the operator panics");
        let (file, line) = PANICKED_AT.take().expect("the hook has run");
        let text = payload.downcast_ref::<String>().expect("a message");
        assert!(text.contains(words), "{text}");
        let near = file == here.file() && (here.line()..here.line() + 5).contains(&line);
        assert!(near, "{text} at {file}:{line}, not near {here}");
    }
    let (a, b) = (zeros(&[2, 3], device), zeros(&[4], device));
    let words = "could not be broadcast together with shapes (2,3) (4,)";
    panics(|| &a + &b, words);
    panics(|| a.clone() - &b, words);
    panics(|| &a * b.clone(), words);
    panics(|| a.clone() / b.clone(), words);
    panics(|| &a % &b, words);
    panics(|| a.gt(0).unwrap() & b.gt(0).unwrap(), words);
    let unsigned = Tensor::new([1u32], device)?;
    panics(|| -1 - &unsigned, "Int(-1) does not fit");
    panics(
        || {
            let mut c = a.clone();
            c += &b;
            c
        },
        words,
    );
    Ok(())
}

/// What only running can tell is told to the next read.
fn later_faults(device: &Device) -> Result<()> {
    let device = &own(device)?;
    let a = zeros(&[2, 3], device);
    let far = Tensor::new([0, 7], device)?;
    let picked = a.index_select(1, &far)?;
    tells(
        picked.to_vec::<f32>(),
        is!(Index),
        &["index_select", "index 7", "size 3", "from -3 to 2"],
    );
    // The device goes on.
    assert_eq!(a.sum(..)?.item::<f32>()?, 0.0);
    let negative = Tensor::new([-4], device)?;
    let _kept = a.index_select(1, &negative)?;
    let told = device.synchronize().expect_err("an index is out of range");
    assert!(
        matches!(told.kind(), ErrorKind::Index { .. }) && told.to_string().contains("index -4"),
        "{told}"
    );
    device.synchronize()
}

/// An index that is found to be out of range while running is told by the method it was given to, with what its axis
/// takes.
fn faults_name_the_method(device: &Device) -> Result<()> {
    type Call<'a> = &'a dyn Fn() -> Result<Tensor>;
    let device = &own(device)?;
    let x = Tensor::arange(0.0, 6.0, 1.0, device)?.reshape([2, 3])?;
    let vector = |values: [i32; 2]| Tensor::new(values, device);
    let (far, fine) = (vector([1, 7])?, vector([1, 0])?);
    let row = far.reshape([1, 2])?;
    let ones = Tensor::ones([2], device)?;
    let last = |tensors: Result<Vec<Tensor>>| tensors.map(|mut all| all.remove(0));
    let calls: [(&str, &str, Call<'_>); 13] = [
        ("gather", "axis 1 of size 3", &|| x.gather(1, &row)),
        ("index_select", "axis 0 of size 2", &|| {
            x.index_select(0, &far)
        }),
        ("take", "axis 1 of size 3", &|| x.take(&far, 1)),
        ("take_along_axis", "axis 1 of size 3", &|| {
            x.take_along_axis(&row, 1)
        }),
        ("at", "axis 1 of size 3", &|| x.at(&[&fine, &far])),
        ("at", "axis 0 of size 2", &|| x.at(&[&far, &fine])),
        ("index_add", "axis 1 of size 3", &|| {
            x.index_add(&[&fine, &far], &ones)
        }),
        ("scatter_add", "axis 1 of size 3", &|| {
            x.scatter_add(1, &row, 1.0)
        }),
        ("put_along_axis", "axis 1 of size 3", &|| {
            x.put_along_axis(&row, 1.0, 1)
        }),
        ("unravel_index", "of size 6", &|| {
            last(far.unravel_index([2, 3]))
        }),
        ("ravel_multi_index", "of size 3", &|| {
            Tensor::ravel_multi_index(&[&fine, &far], [2, 3])
        }),
        ("one_hot", "axis 1 of size 5", &|| far.one_hot(5)),
        ("cross_entropy", "axis 1 of size 3", &|| {
            x.cross_entropy(&far)
        }),
    ];
    for (method, axis, call) in calls {
        let error = call().and_then(|y| y.to_vec::<f64>()).expect_err(method);
        let told = error.to_string();
        assert!(matches!(error.kind(), ErrorKind::Index { .. }), "{told}");
        for words in [&format!("{method}: index 7 "), axis, "are valid"] {
            assert!(told.contains(words), "no {words:?} in: {told}");
        }
    }
    // Negative classes count from the last, as labels and every other index.
    let classes = vector([-1, 0])?.one_hot(2)?;
    assert_eq!(classes.to_vec::<f32>()?, [0.0, 1.0, 1.0, 0.0]);
    Ok(())
}

fn async_forms(device: &Device) {
    use pollster::block_on;
    let device = &own(device).expect("the device opens again");
    let a = zeros(&[2, 3], device);
    says(block_on(a.item_async::<f32>()), is!(Shape), &["item"]);
    says(block_on(a.to_vec_async::<i32>()), is!(DType), &["read"]);
    let far = Tensor::new([7], device)
        .and_then(|i| a.index_select(1, &i))
        .expect("no fault yet");
    tells(
        block_on(far.to_vec_async::<f32>()),
        is!(Index),
        &["index 7"],
    );
    says(block_on(Device::named_async("nothing")), is!(NoDevice), &[]);
}
