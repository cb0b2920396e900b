use crate::{Device, DeviceOptions, ErrorKind, MatmulKernel, Result, Tensor};

/// A checked device whose shaders have a defect, if there is an adapter.
fn broken(from: &'static str, to: &'static str, matmul: Option<MatmulKernel>) -> Option<Device> {
    let options = DeviceOptions {
        sabotage: Some((from, to)),
        matmul,
        ..DeviceOptions::new()
    };
    match Device::open("checked", options) {
        Ok(device) => Some(device),
        Err(error) => {
            eprintln!("*** SKIPPED: {error} ***");
            None
        }
    }
}

fn line(dev: &Device, n: usize) -> Result<Tensor> {
    Tensor::arange(0.0, n as f64, 1.0, dev)?.try_div(n as f64)
}

/// The operation that the error of reading a tensor names, its line, and the message.
fn blamed(tensor: Result<Tensor>) -> (String, u32, String) {
    let error = tensor
        .and_then(|t| t.to_vec::<f32>())
        .expect_err("a mismatch");
    match error.kind() {
        ErrorKind::Mismatch { op, message } => {
            let (name, rest) = op.split_once(" (").unwrap_or((op, ""));
            let line = rest.trim_end_matches(')').rsplit(':').next();
            let line = line.and_then(|l| l.parse().ok()).unwrap_or_default();
            (name.into(), line, message.clone())
        }
        other => panic!("not a mismatch: {other}"),
    }
}

#[test]
fn an_operation_in_a_fused_chain_is_named() {
    let Some(dev) = broken("= tw_exp(", "= 1.001 * tw_exp(", None) else {
        return;
    };
    let wrong = || {
        let x = line(&dev, 1000)?;
        let y = (x * 2.0).try_add(1.0)?.exp(); // the line that is named
        y.tanh().try_mul(3.0)?.try_sub(0.5)
    };
    let (op, at, message) = blamed(wrong());
    assert_eq!((op.as_str(), at), ("exp", line!() - 4), "{message}");
    assert!(message.starts_with("element [0]: GPU "), "{message}");
    // What does not use it still works.
    let fine = line(&dev, 10).and_then(|x| x.sqrt().to_vec::<f32>());
    assert_eq!(fine.map(|v| v.len()).map_err(|e| e.to_string()), Ok(10));
}

#[test]
fn the_prologue_of_a_reduction_is_named() {
    let Some(dev) = broken("= tw_sin(", "= 0.5 + tw_sin(", None) else {
        return;
    };
    let wrong = || line(&dev, 100)?.reshape([4, 25])?.sin().square().sum(1);
    assert_eq!(blamed(wrong()).0, "sin");
}

#[test]
fn a_reduction_is_named() {
    let Some(dev) = broken("return (a + b);", "return (a - b);", None) else {
        return;
    };
    assert_eq!(
        blamed(line(&dev, 100).and_then(|x| x.cos().sum(..))).0,
        "sum"
    );
}

#[test]
fn a_product_is_named_before_its_epilogue() {
    for (kernel, right, wrong) in [
        (
            MatmulKernel::Registers,
            "c1_0 += x1 * y0",
            "c1_0 += x1 * y1",
        ),
        (
            MatmulKernel::Workgroup,
            "if row + 1u < m",
            "if row < 1u && row + 1u < m && n > 9u",
        ),
    ] {
        let Some(dev) = broken(right, wrong, Some(kernel)) else {
            return;
        };
        let wrong = || {
            let x = line(&dev, 30)?;
            let y = x.reshape([6, 5])?.matmul(&x.reshape([5, 6])?)?;
            Ok(y.try_add(1.0)?.relu())
        };
        let (op, _, message) = blamed(wrong());
        assert_eq!(op, "matmul", "{message}");
        assert!(message.starts_with("element [1, 0]"), "{message}");
    }
}

#[test]
fn a_wrong_walk_over_an_operand_is_named() {
    let Some(dev) = broken("q1 += row * word", "q1 += 0u * word", None) else {
        return;
    };
    let wrong = || {
        let x = line(&dev, 24)?.reshape([4, 6])?.contiguous();
        dev.flush()?;
        x.try_add(x.slice(crate::s![..;-1, 0..1])?)
    };
    assert_eq!(blamed(wrong()).0, "reading an operand");
}

#[test]
fn an_error_grows_through_the_program_and_is_accepted() {
    // Cancellation leaves only rounding errors, a comparison falls on an edge.
    let Some(dev) = broken("no such text", "", None) else {
        return;
    };
    let edges = || {
        let x = line(&dev, 4096)?;
        let y = x.exp().ln().try_sub(&x)?;
        let steps = (x.exp().ln().try_mul(4096.0)?).floor();
        let chosen = y.gt(0.0)?.select(&steps, &y)?;
        chosen.to_vec::<f32>()?;
        x.exp().ln().argmax(..)?.to_vec::<u32>()?;
        (y * 1e30).try_mul(1e30)?.sum(..)?.to_vec::<f32>()
    };
    if let Err(error) = edges() {
        panic!("{error}");
    }
}
