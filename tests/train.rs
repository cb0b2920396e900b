//! The loop of training.

mod fitting;

/// The tests of the modules inside.
pub(crate) fn all() -> Vec<crate::support::Test> {
    let modules = [fitting::tests()];
    modules.into_iter().flatten().collect()
}
