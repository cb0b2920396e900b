//! `examples/neuron.rs`.

use tilewise::loss::{Loss, Mse};
use tilewise::prelude::*;

#[path = "../../examples/neuron.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![
    least_squares,
    each_step,
    full_batches,
    the_grid,
    shapes_are_refused
];

/// The slope of y over x is 9, within three standard errors, 0.033.
fn least_squares(dev: &Device) -> Result<()> {
    let (data, deviation) = example::data(dev)?;
    assert!((deviation - 288.675).abs() < 1e-2, "{deviation}");
    let [w, _] = example::least_squares(&data)?;
    assert!((w / deviation - 9.0).abs() < 0.033, "{}", w / deviation);
    Ok(())
}

/// 99 epochs of five batches, each with its weight, bias and loss, that end at least squares.
fn each_step(dev: &Device) -> Result<()> {
    let (data, _) = example::data(dev)?;
    let run = example::descend(&data, 200, 99, [0.0; 2])?;
    let counts = [&run.weights, &run.biases, &run.losses].map(Vec::len);
    assert_eq!(counts, [495; 3]);
    assert!(run.losses[..490].iter().all(|loss| *loss > 0.0));
    // What the noise of a batch moves is a tenth of its standard error, 100 / √200.
    let (best, last) = (example::least_squares(&data)?, run.last());
    for (last, best) in last.into_iter().zip(best) {
        assert!((last - best).abs() < 5.0, "{last}, not {best}");
    }
    assert!(example::loss(&data, last[0], last[1])? < 11_000.0);
    Ok(())
}

/// Of standardised features each step takes the same part of the way that is left: 2·0.01.
fn full_batches(dev: &Device) -> Result<()> {
    let (data, _) = example::data(dev)?;
    let run = example::descend(&data, 1000, 99, [-4000.0, 4000.0])?;
    assert_eq!(run.losses.len(), 99);
    let start = example::loss(&data, -4000.0, 4000.0)?;
    assert!((run.losses[0] / start - 1.0).abs() < 1e-5);
    let [w, b] = example::least_squares(&data)?;
    for (step, (weight, bias)) in run.weights.iter().zip(&run.biases).enumerate() {
        let left = 0.98f32.powi(step as i32 + 1);
        let near = |got: f32, from: f32, to: f32| {
            let want = to + (from - to) * left;
            assert!((got - want).abs() < 0.5, "step {step}: {got}, not {want}");
        };
        near(*weight, -4000.0, w);
        near(*bias, 4000.0, b);
    }
    Ok(())
}

/// Its least loss is at the point that is nearest to least squares.
fn the_grid(dev: &Device) -> Result<()> {
    let (data, _) = example::data(dev)?;
    let (axis, losses) = example::loss_grid(&data)?;
    assert_eq!(losses.shape(), [100, 100]);
    let axis_values: Vec<f32> = axis.to_vec()?;
    let nearest = example::least_squares(&data)?.map(|best| {
        let apart = |value: &&f32| (**value - best).abs();
        let nearest = axis_values
            .iter()
            .min_by(|a, b| apart(a).total_cmp(&apart(b)));
        *nearest.expect("the grid has points")
    });
    let least = example::least_of_grid(&axis, &losses)?;
    assert_eq!(least, nearest);
    let at = losses.min(..)?.item::<f32>()?;
    assert!((at / example::loss(&data, least[0], least[1])? - 1.0).abs() < 1e-4);
    Ok(())
}

/// A vector and a column, each number of which would meet each of the other.
fn shapes_are_refused(dev: &Device) -> Result<()> {
    let (data, _) = example::data(dev)?;
    let column = data.targets();
    let said = column.ravel();
    assert_eq!((&said - column).shape(), [1000, 1000]);
    let error = Mse::new()
        .loss(&said, column)
        .expect_err("shapes that differ");
    let text = error.to_string();
    assert!(
        text.contains("(1000,)") && text.contains("(1000,1)"),
        "{text}"
    );
    assert!(text.contains("paired with every other"), "{text}");
    Ok(())
}
