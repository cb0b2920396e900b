//! `examples/fashion.rs`.

use tilewise::data::{Dataset, idx};
use tilewise::prelude::*;

use crate::support::own;

use self::example::{trainer, write_shapes};

#[path = "../../examples/fashion.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![learns_shapes_from_files];

/// Written, read back, and told apart after three epochs of few images: half of the 40, of which chance finds 4, with
/// a deviation of 2.
fn learns_shapes_from_files(dev: &Device) -> Result<()> {
    let dev = &own(dev)?; // whose random numbers nobody else draws
    let folder = super::folder("shapes", dev);
    write_shapes(&folder, 30, 4, dev).expect("shapes can be drawn and written");
    let (train, test) = idx::mnist(&folder, dev)?;
    std::fs::remove_dir_all(folder).ok();
    assert_eq!(
        (train.inputs().shape(), test.len()),
        (&[300, 1, 28, 28][..], 40)
    );
    let labels: Vec<u32> = (0..40).map(|at| at / 4).collect();
    assert_eq!(test.targets().to_vec::<u32>()?, labels);

    let mut trainer = trainer(3, dev)?;
    trainer.fit(&train)?;
    let accuracy = trainer.evaluate(&test)?.get("accuracy").unwrap_or(f64::NAN);
    assert!(accuracy >= 0.5, "{accuracy}");
    Ok(())
}
