//! The loop of training.

mod ending;
mod fitting;
mod mistakes;
#[cfg(feature = "safetensors")]
mod resuming;
mod steady;
mod watching;

/// The tests of the modules inside.
pub(crate) fn all() -> Vec<crate::support::Test> {
    let modules = [
        ending::tests(),
        fitting::tests(),
        mistakes::tests(),
        #[cfg(feature = "safetensors")]
        resuming::tests(),
        steady::tests(),
        watching::tests(),
    ];
    modules.into_iter().flatten().collect()
}
