//! The loop of training.

mod ending;
mod fitting;
mod measuring;
mod mistakes;
#[cfg(feature = "safetensors")]
mod resuming;
mod steady;
mod watching;

use tilewise::prelude::*;

/// The tests of the modules inside.
pub(crate) fn all() -> Vec<crate::support::Test> {
    let modules = [
        ending::tests(),
        fitting::tests(),
        measuring::tests(),
        mistakes::tests(),
        #[cfg(feature = "safetensors")]
        resuming::tests(),
        steady::tests(),
        watching::tests(),
    ];
    modules.into_iter().flatten().collect()
}

/// A small classifier of two features, always the same on a device of one's own.
fn classifier(dev: &Device) -> Result<nn::Sequential> {
    dev.seed(1);
    nn::mlp([2, 8, 2], nn::Tanh, dev)
}

fn bits(model: &impl Module) -> Result<Vec<(String, Vec<u32>)>> {
    let each = model.state().into_iter();
    let each = each.map(|(name, value)| {
        let values = value.to_vec::<f32>()?;
        Ok((name, values.into_iter().map(f32::to_bits).collect()))
    });
    each.collect()
}
