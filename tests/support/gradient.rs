//! Gradients compared with finite differences.

use tilewise::Backward;
use tilewise::nn::Load;
use tilewise::prelude::*;

/// An input of a check: values in a shape.
pub(crate) type Input<'a> = (&'a [f32], &'a [usize]);

/// Weights that make one number of a tensor: different for each element, exact in f32.
fn weights(size: usize) -> Vec<f32> {
    (0..size)
        .map(|i| (((i * 37 + 11) % 64) as f32 - 31.5) / 32.0)
        .collect()
}

/// Of an element's gradient, relative to the largest term or the gradient.
const TOLERANCE: f64 = 2e-4;

/// Compares the gradients of Σ wᵢ·f(x)ᵢ with central differences.
///
/// The differences are taken over two step widths and extrapolated (Richardson), so that what they
/// leave out is of the fourth order in h = 2⁻⁵: below 10⁻⁷ times the fifth derivative. Results are f32
/// and summed in f64; their rounding, 6·10⁻⁸ of the largest term, is divided by h, which with the
/// extrapolation makes 10⁻⁵ of that term. `TOLERANCE` leaves room for ops of a few ULP in a row.
#[track_caller]
pub(crate) fn check(
    dev: &Device,
    what: &str,
    inputs: &[Input<'_>],
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
) {
    let run = || -> Result<()> {
        let tensors = |values: &[Vec<f32>]| -> Result<Vec<Tensor>> {
            let each = values.iter().zip(inputs);
            each.map(|(v, (_, shape))| Tensor::from_slice(v, *shape, dev))
                .collect()
        };
        let mut values: Vec<Vec<f32>> = inputs.iter().map(|(v, _)| v.to_vec()).collect();
        let variables: Vec<Tensor> = tensors(&values)?.iter().map(Tensor::variable).collect();
        let y = f(&variables)?;
        let w = weights(y.size());
        let seed = Tensor::from_slice(&w, y.shape(), dev)?;
        let gradients = match y.is_tracked() {
            true => y.backward_with(Backward::new().seed(&seed))?,
            false => Default::default(),
        };
        let weighted = |values: &[Vec<f32>]| -> Result<Vec<f64>> {
            let y: Vec<f64> = f(&tensors(values)?)?.to_vec()?;
            Ok(y.iter().zip(&w).map(|(&y, &w)| y * w as f64).collect())
        };
        let largest = weighted(&values)?
            .iter()
            .fold(1.0, |m: f64, v| m.max(v.abs()));
        for k in 0..values.len() {
            let size = values[k].len();
            let got: Vec<f64> = match gradients.get(&variables[k]) {
                Some(gradient) => {
                    assert_eq!(gradient.shape(), variables[k].shape(), "{what}, input {k}");
                    gradient.to_vec()?
                }
                None => vec![0.0; size],
            };
            for i in 0..size {
                let x = values[k][i];
                let mut slope = |h: f32| -> Result<f64> {
                    let (up, down) = (x + h, x - h);
                    values[k][i] = up;
                    let above = weighted(&values)?;
                    values[k][i] = down;
                    let below = weighted(&values)?;
                    values[k][i] = x;
                    let rise: f64 = above.iter().zip(&below).map(|(a, b)| a - b).sum();
                    Ok(rise / (up as f64 - down as f64))
                };
                let want = (4.0 * slope(1.0 / 64.0)? - slope(1.0 / 32.0)?) / 3.0;
                let off = (got[i] - want).abs();
                assert!(
                    off <= TOLERANCE * largest.max(want.abs()),
                    "{what} on {dev}: input {k}, element {i} at {x}: gradient {}, by differences \
                     {want}, off by {off:.1e}",
                    got[i]
                );
            }
        }
        Ok(())
    };
    if let Err(error) = run() {
        panic!("{what} on {dev}: {error}");
    }
}

/// Compares the gradients of Σ wᵢ·yᵢ for a network's parameters with central differences, as [`check`] does
/// for inputs, for outputs of order 1.
#[track_caller]
pub(crate) fn check_parameters(
    what: &str,
    model: &impl Module,
    forward: impl Fn() -> Result<Tensor>,
) -> Result<()> {
    let y = forward()?;
    let w = weights(y.size());
    let seed = Tensor::from_slice(&w, y.shape(), y.device())?;
    let gradients = y.backward_with(Backward::new().seed(&seed))?;
    let state = model.state();
    for (at, (name, value)) in model.parameters().iter().enumerate() {
        let gradient = gradients.get(value);
        let gradient = gradient.unwrap_or_else(|| panic!("{what}: {name} has no gradient"));
        let values: Vec<f32> = value.to_vec()?;
        for (i, got) in gradient.to_vec::<f64>()?.into_iter().enumerate() {
            let slope = |h: f32| -> Result<f64> {
                let weighted = |to: f32| -> Result<f64> {
                    let (mut values, mut state) = (values.clone(), state.clone());
                    values[i] = to;
                    state[at].1 = Tensor::from_slice(&values, value.shape(), value.device())?;
                    model.load_state(&state, Load::Exact)?;
                    let y: Vec<f64> = no_grad(&forward)?.to_vec()?;
                    Ok(y.iter().zip(&w).map(|(&y, &w)| y * w as f64).sum())
                };
                let (up, down) = (values[i] + h, values[i] - h);
                Ok((weighted(up)? - weighted(down)?) / (up as f64 - down as f64))
            };
            let want = (4.0 * slope(1.0 / 64.0)? - slope(1.0 / 32.0)?) / 3.0;
            let off = (got - want).abs();
            assert!(
                off <= TOLERANCE * want.abs().max(1.0),
                "{what}: {name}, element {i}: gradient {got}, by differences {want}, off by {off:.1e}"
            );
        }
        model.load_state(&state, Load::Exact)?;
    }
    Ok(())
}

/// Checks first gradients, and by differences of them second ones.
#[track_caller]
pub(crate) fn check_twice(
    dev: &Device,
    what: &str,
    inputs: &[Input<'_>],
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
) {
    check(dev, what, inputs, &f);
    check(dev, &format!("the gradient of {what}"), inputs, |x| {
        let x: Vec<Tensor> = x
            .iter()
            .map(|x| {
                if x.is_tracked() {
                    x.clone()
                } else {
                    x.variable()
                }
            })
            .collect();
        let y = f(&x)?;
        // Other weights than those of the outer check.
        let w: Vec<f32> = weights(y.size()).iter().map(|w| 1.25 - w * w).collect();
        let seed = Tensor::from_slice(&w, y.shape(), dev)?;
        let gradients = y.backward_with(Backward::new().create_graph().seed(&seed))?;
        let flat = |x: &Tensor| match gradients.get(x) {
            Some(g) => g.reshape([-1]),
            None => Tensor::zeros([x.size()], dev),
        };
        let parts = x.iter().map(flat).collect::<Result<Vec<_>>>()?;
        Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
    });
}
