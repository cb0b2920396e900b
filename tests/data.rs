//! Sets of examples, their batches, their files, and what is done to them before.

#[cfg(feature = "datasets")]
mod bundled;
mod files;
mod loader;
mod made;
mod pipeline;
mod prepare;
mod split;

/// The tests of all parts.
pub(crate) fn tests() -> Vec<crate::support::Test> {
    let parts = vec![
        files::tests(),
        loader::tests(),
        made::tests(),
        pipeline::tests(),
        prepare::tests(),
        split::tests(),
        #[cfg(feature = "datasets")]
        bundled::tests(),
    ];
    parts.into_iter().flatten().collect()
}
