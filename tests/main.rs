//! The integration tests: one binary, in which each test that takes a device is registered once for
//! every device of `TILEWISE_TEST_DEVICES`.
//!
//! A test is a function, `fn(&Device)` or `fn()`, that returns nothing or a `Result`; its module
//! names it in `tests![…]` and its module is named here. A test on the CPU is called
//! `module::name::cpu`, so that `cargo test --test main -- matmul` and `-- ::gpu` both choose.

#[macro_use]
mod support;

mod assign;
mod attention;
mod autograd;
mod bools;
mod broadcast;
mod convert;
mod criteria;
#[cfg(feature = "csv")]
mod csv;
mod data;
#[cfg(feature = "linalg")]
mod decompose;
mod display;
mod edges;
mod elementwise;
mod errors;
mod examples;
mod executors;
#[cfg(feature = "image")]
mod image;
mod initial;
mod layers;
mod literature;
mod loss;
mod matmul;
mod matmul_kernels;
mod names;
#[cfg(feature = "ndarray")]
mod ndarray;
mod nn;
mod norms;
#[cfg(feature = "npy")]
mod npy;
mod optim;
mod order;
mod places;
mod plot;
mod pointwise;
mod products;
mod profile;
mod programs;
mod propagation;
mod random;
mod recurrent;
mod reduce;
mod rows;
mod runtime;
#[cfg(feature = "safetensors")]
mod safetensors;
mod scan;
mod schedule;
mod scores;
mod shaders;
mod shapes;
mod signal;
mod slice;
mod statistics;
mod threads;
mod train;
mod tuning;
mod vectors;
mod windows;

fn main() -> std::process::ExitCode {
    support::run(all())
}

/// The tests of all modules.
fn all() -> Vec<support::Test> {
    let modules = vec![
        support::compare::tests(),
        support::golden::tests(),
        assign::tests(),
        attention::tests(),
        autograd::tests(),
        bools::tests(),
        broadcast::tests(),
        convert::tests(),
        criteria::tests(),
        data::tests(),
        #[cfg(feature = "linalg")]
        decompose::tests(),
        display::tests(),
        edges::tests(),
        elementwise::tests(),
        errors::tests(),
        examples::all(),
        executors::tests(),
        initial::tests(),
        layers::all(),
        literature::tests(),
        loss::tests(),
        matmul::tests(),
        matmul_kernels::tests(),
        names::tests(),
        names::edges::tests(),
        nn::tests(),
        norms::tests(),
        optim::tests(),
        places::tests(),
        plot::all(),
        order::tests(),
        pointwise::tests(),
        products::tests(),
        profile::tests(),
        programs::tests(),
        propagation::tests(),
        random::tests(),
        reduce::tests(),
        recurrent::tests(),
        rows::tests(),
        runtime::tests(),
        scan::tests(),
        schedule::tests(),
        scores::tests(),
        shaders::tests(),
        shapes::tests(),
        signal::tests(),
        slice::tests(),
        statistics::tests(),
        threads::tests(),
        train::all(),
        tuning::tests(),
        vectors::tests(),
        windows::tests(),
    ];
    let featured = vec![
        #[cfg(feature = "csv")]
        csv::tests(),
        #[cfg(feature = "image")]
        image::tests(),
        #[cfg(feature = "ndarray")]
        ndarray::tests(),
        #[cfg(feature = "npy")]
        npy::tests(),
        #[cfg(feature = "safetensors")]
        safetensors::tests(),
    ];
    let modules = modules.into_iter().chain(featured);
    modules.into_iter().flatten().collect()
}
