//! `examples/save_load.rs`.

use tilewise::prelude::*;
use tilewise::safetensors;

use crate::support::own;

use self::example::{network, run_in_two, run_whole, same, trainer, wines};

#[path = "../../examples/save_load.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![loads_the_same_bits, refuses_another_shape, takes_up_a_run];

fn loads_the_same_bits(dev: &Device) -> Result<()> {
    let data = wines(dev)?;
    let mut trainer = trainer(0, dev)?.epochs(2);
    trainer.fit(&data)?;
    let model = trainer.into_model();
    let folder = super::folder("save", dev);
    let file = folder.join("wine.safetensors");
    safetensors::save(&file, &model.state(), &[])?;
    let again = network(3, dev)?;
    assert!(!same(&model, &again, &data)?);
    again.load_state(&safetensors::load(&file, dev)?, nn::Load::Exact)?;
    assert!(same(&model, &again, &data)?);
    std::fs::remove_dir_all(folder).ok();
    Ok(())
}

/// Exactly nothing is loaded, matching all but the last layer.
fn refuses_another_shape(dev: &Device) -> Result<()> {
    let (three, five) = (network(3, dev)?, network(5, dev)?);
    let before = five.state();
    let error = five
        .load_state(&three.state(), nn::Load::Exact)
        .expect_err("it does not fit");
    let text = error.to_string();
    assert!(
        text.contains("head.weight does not fit: its shape is (3,16), and (5,16) is wanted"),
        "{text}"
    );
    for ((name, old), (_, new)) in before.iter().zip(five.state()) {
        assert!(old.array_equal(&new, false)?, "{name}");
    }
    let told = five.load_state(&three.state(), nn::Load::Matching)?;
    let names: Vec<&str> = told
        .mismatched
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["head.weight", "head.bias"]);
    assert!(
        told.missing.is_empty() && told.unexpected.is_empty(),
        "{told:?}"
    );
    let (own, other) = (five.state(), three.state());
    assert!(own[0].1.array_equal(&other[0].1, false)?);
    Ok(())
}

/// To the same bits as a run that was never stopped.
fn takes_up_a_run(dev: &Device) -> Result<()> {
    let dev = &own(dev)?; // whose random numbers nobody else draws
    let data = wines(dev)?;
    let folder = super::folder("resume", dev);
    let whole = run_whole(&data)?;
    let (step, resumed) = run_in_two(&data, &folder)?;
    assert_eq!(step, 20); // of six an epoch
    assert_eq!(whole, resumed);
    std::fs::remove_dir_all(folder).ok();
    Ok(())
}
