//! Groups of kernels that run row by row.

use super::*;
use crate::DType;

fn groups(device: &Device) -> Vec<std::ops::Range<usize>> {
    let plan = plan(device);
    plan.groups.iter().map(|g| g.kernels.clone()).collect()
}

/// The mean and the variance taken out, a weight and a bias put on.
fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let centred = x.try_sub(x.mean_keepdims(-1)?)?;
    let variance = centred.square().mean_keepdims(-1)?;
    let scaled = centred.try_mul((variance + 1e-5).rsqrt())?;
    scaled.try_mul(weight)?.try_add(bias)
}

#[test]
fn what_follows_a_reduction_of_its_rows_joins_it() -> Result<()> {
    let device = Device::new_cpu();
    let (x, w) = (filled(&[6, 40], &device), filled(&[40], &device));
    let y = x.softmax(-1)?;
    assert_eq!(groups(&device), [0..4], "{}", device.explain());
    y.to_vec::<f32>()?;
    let y = x.log_softmax(0)?;
    assert_eq!(groups(&device), [0..3], "{}", device.explain());
    y.to_vec::<f32>()?;
    let y = layer_norm(&x, &w, &w)?;
    assert_eq!(groups(&device), [0..3], "{}", device.explain());
    y.to_vec::<f32>()?;
    Ok(())
}

#[test]
fn gradients_of_rows_are_groups_too() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[6, 40], &device).variable();
    let w = filled(&[6, 40], &device);
    device.flush()?;
    let gradients = x.softmax(-1)?.try_mul(&w)?.sum(..)?.backward()?;
    let kernels = plan(&device).kernels.len();
    assert_eq!(groups(&device), [0..kernels], "{}", device.explain());
    gradients.get(&x).expect("a gradient").to_vec::<f32>()?;
    Ok(())
}

#[test]
fn only_rows_of_one_shape_go_together() -> Result<()> {
    let device = Device::new_cpu();
    let x = filled(&[6, 6], &device);
    // The maxima of the rows, taken off the columns; what is gathered; integers; places.
    let largest = x.max(-1)?;
    let columns = x.try_sub(&largest)?;
    assert_eq!(groups(&device), []);
    columns.to_vec::<f32>()?;
    let rows = x.try_sub(x.max_keepdims(-1)?)?;
    assert_eq!(groups(&device), [0..2]);
    rows.to_vec::<f32>()?;
    let turned = x.t().try_sub(x.max_keepdims(-1)?)?;
    assert_eq!(
        groups(&device),
        [0..2],
        "x is read as it lies, turned or not"
    );
    turned.to_vec::<f32>()?;
    let whole = x.to_dtype(DType::I32);
    let ints = whole.try_sub(whole.max_keepdims(-1)?)?;
    assert_eq!(groups(&device), []);
    ints.to_vec::<i32>()?;
    let order = x.try_sub(x.argmax_keepdims(-1)?)?;
    assert_eq!(groups(&device), []);
    order.to_vec::<f32>()?;
    Ok(())
}

#[test]
fn a_group_runs_after_all_that_it_reads() -> Result<()> {
    let (grouped, single) = (limited(16, RowGroups::Stored), limited(16, RowGroups::None));
    let run = |device: &Device| -> Result<Vec<f32>> {
        let (x, w) = (filled(&[6, 40], device), filled(&[40, 40], device));
        // The product stands between the row's maximum and what needs both.
        let largest = x.max_keepdims(-1)?;
        let product = x.matmul(&w)?;
        let y = x.try_sub(largest)?.try_add(&product)?;
        let z = product.try_sub(y.mean_keepdims(-1)?)?;
        z.try_mul(y)?.to_vec()
    };
    assert_eq!(run(&grouped)?, run(&single)?);
    Ok(())
}

#[test]
fn groups_change_no_bit_on_the_cpu() -> Result<()> {
    let single = limited(16, RowGroups::None);
    let both = [RowGroups::Stored, RowGroups::Computed].map(|rows| limited(16, rows));
    // Rows of a lane, of a block, of more; tiles that are full and not; more than a task.
    for shape in [
        [1, 2],
        [3, 5],
        [7, 513],
        [300, 64],
        [3, 70_000],
        [1031, 999],
    ] {
        let run = |device: &Device, dtype: DType| -> Result<Vec<Vec<f32>>> {
            let x = filled(&shape, device).to_dtype(dtype);
            let (w, b) = (filled(&shape[1..], device), filled(&shape[1..], device));
            let (w, b) = (w.to_dtype(dtype), b.to_dtype(dtype));
            let v = x.variable();
            let y = layer_norm(&v, &w, &b)?;
            let gradients = y.softmax(-1)?.try_mul(&x)?.sum(..)?.backward()?;
            let all = [
                x.softmax(-1)?,
                x.log_softmax(-1)?,
                x.softmax(0)?,
                y,
                gradients.get(&v).expect("a gradient").clone(),
            ];
            all.iter()
                .map(|t| t.to_dtype(DType::F32).to_vec())
                .collect()
        };
        for dtype in [DType::F32, DType::F16] {
            let want = run(&single, dtype)?;
            for device in &both {
                let got = run(device, dtype)?;
                for (k, (got, want)) in got.iter().zip(&want).enumerate() {
                    let same = got
                        .iter()
                        .zip(want)
                        .all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "result {k} of {shape:?} in {dtype}");
                }
            }
        }
    }
    Ok(())
}
