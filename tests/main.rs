//! The integration tests: one binary, in which each test that takes a device is registered once for
//! every device of `TILEWISE_TEST_DEVICES`.
//!
//! A test is a function, `fn(&Device)` or `fn()`, that returns nothing or a `Result`; its module
//! names it in `tests![…]` and its module is named here. A test on the CPU is called
//! `module::name::cpu`, so that `cargo test --test main -- matmul` and `-- ::gpu` both choose.

#[macro_use]
mod support;

mod display;
mod matmul_kernels;
mod propagation;

fn main() -> std::process::ExitCode {
    support::run(vec![
        support::compare::tests(),
        support::golden::tests(),
        display::tests(),
        matmul_kernels::tests(),
        propagation::tests(),
    ])
}
