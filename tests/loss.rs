//! Losses against PyTorch, and the mistakes they refuse.

use tilewise::prelude::*;

use crate::support::compare::assert_near;
use crate::support::golden::Golden;

tests![
    as_pytorch,
    any_rank,
    negative_labels,
    mse_refuses_other_shapes,
    cross_entropy_refuses_other_labels,
    labels_out_of_range,
];

fn as_pytorch(dev: &Device) -> Result<()> {
    for case in Golden::read("losses.txt").cases() {
        let op = case.text("op").expect("each case names its loss");
        let input = |key: &str| {
            let array = case.array(key);
            Tensor::from_slice(&array.values::<f32>(), &array.shape, dev)
        };
        let (x, loss) = match op {
            "cross_entropy" => {
                let labels: Vec<i32> = case.array("labels").values();
                let labels = Tensor::from_slice(&labels, [labels.len()], dev)?;
                let x = input("logits")?.variable();
                // The same labels as u32.
                let unsigned = x.detach().cross_entropy(&labels.to_dtype(DType::U32))?;
                let loss = x.cross_entropy(&labels)?;
                assert_eq!(loss.item::<f32>()?, unsigned.item::<f32>()?);
                (x, loss)
            }
            "mse" => {
                let x = input("prediction")?.variable();
                let loss = x.mse(&input("target")?)?;
                (x, loss)
            }
            _ => panic!("losses.txt names {op:?}, which this test does not know"),
        };
        assert_eq!(loss.shape(), [0usize; 0]);
        // Sums of a few dozen terms of ops of a few ULP each; an entry of a gradient is a difference
        // of terms of at most 1/n.
        let (value, want) = (loss.to_vec()?, case.array("mean").values());
        assert_near(&case.name, &value, &want, 2e-6, 1e-7);
        let grads = loss.backward()?;
        let gradient = grads.get(&x).expect("tracked").to_vec()?;
        assert_near(
            &case.name,
            &gradient,
            &case.array("gradient").values(),
            1e-5,
            2e-7,
        );
    }
    Ok(())
}

fn any_rank(dev: &Device) -> Result<()> {
    // One row is a vector with a scalar label; more batch dimensions are one long batch.
    let row = Tensor::new([0.5f32, -1., 2.], dev)?;
    let one = row.cross_entropy(&Tensor::new(2, dev)?)?;
    let logits = row.broadcast_to([2, 2, 3])?;
    let many = logits.cross_entropy(&Tensor::new([[2, 2], [2, 2]], dev)?)?;
    let (one, many): (f32, f32) = (one.item()?, many.item()?);
    assert!((one - many).abs() <= 1e-7, "{one} and {many}");
    Ok(())
}

fn negative_labels(dev: &Device) -> Result<()> {
    let logits = Tensor::new([[0.5f32, -1., 2.], [1., 0., 0.]], dev)?;
    let front = logits.cross_entropy(&Tensor::new([2, 0], dev)?)?;
    let back = logits.cross_entropy(&Tensor::new([-1, -3], dev)?)?;
    assert_eq!(front.item::<f32>()?, back.item::<f32>()?);
    Ok(())
}

#[track_caller]
fn refused(loss: Result<Tensor>, words: &[&str]) {
    let message = match loss {
        Ok(loss) => panic!("gave a loss of shape {:?}", loss.shape()),
        Err(error) => error.to_string(),
    };
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

/// `(n,)` with `(n, 1)` broadcasts to `(n, n)`: the mistake behind losses printed in the literature.
fn mse_refuses_other_shapes(dev: &Device) -> Result<()> {
    let (flat, column) = (Tensor::zeros([20], dev)?, Tensor::zeros([20, 1], dev)?);
    let hint = "target.reshape([20]) would fit";
    refused(
        flat.mse(&column),
        &["mse", "(20,)", "(20,1)", hint, "loss.rs"],
    );
    refused(
        column.mse(&flat),
        &["(20,1)", "(20,)", "prediction.reshape([20]) would fit"],
    );
    refused(flat.mse(&Tensor::zeros((), dev)?), &["mse", "(20,)", "()"]);
    refused(flat.mse(&Tensor::zeros([1], dev)?), &["(1,)"]);
    assert_eq!(column.mse(&column)?.item::<f32>()?, 0.0);
    Ok(())
}

fn cross_entropy_refuses_other_labels(dev: &Device) -> Result<()> {
    let logits = Tensor::zeros([4, 3], dev)?;
    let labels = |shape: &[usize]| Tensor::full(shape, 1, DType::I32, dev);
    refused(
        logits.cross_entropy(&labels(&[4, 1])?),
        &[
            "cross_entropy",
            "(4,3)",
            "(4,1)",
            "labels.reshape([4]) would fit",
        ],
    );
    refused(logits.cross_entropy(&labels(&[3])?), &["(4,3)", "(3,)"]);
    refused(logits.cross_entropy(&labels(&[4, 3])?), &["argmax(-1)"]);
    refused(
        logits.cross_entropy(&Tensor::zeros([4], dev)?),
        &["f32", "class numbers"],
    );
    refused(
        labels(&[4])?.cross_entropy(&labels(&[])?),
        &["i32", "logits must be floats"],
    );
    refused(
        Tensor::zeros((), dev)?.cross_entropy(&labels(&[])?),
        &["axis of classes"],
    );
    Ok(())
}

fn labels_out_of_range(dev: &Device) -> Result<()> {
    // A device of its own: the fault must not reach another test's read.
    let dev = &Device::open(&dev.info().id, tilewise::DeviceOptions::new())?;
    let logits = Tensor::new([[1f32, 2., 3.], [4., 5., 6.]], dev)?;
    for labels in [[0, 3], [-4, 1]] {
        let labels = Tensor::new(labels, dev)?;
        let error = logits
            .cross_entropy(&labels)?
            .item::<f32>()
            .expect_err("no such class");
        assert!(error.to_string().contains("out of range"), "{error}");
        // Told once; the device works on.
        assert_eq!(logits.sum(..)?.item::<f32>()?, 21.0);
    }
    Ok(())
}
