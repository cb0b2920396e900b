//! Random programs over the whole surface: planned as a whole, call by call, and on another device they give
//! the same bits.
//!
//! Values are exact by construction: small multiples of a power of two, taken modulo 8 after each call that
//! makes them larger, so that no sum depends on its order and no result on an error bound.

mod check;
mod draw;
mod program;
mod steps;

use std::ops::Range;

use tilewise::Device;

#[allow(unused_imports, reason = "the tests of plans run programs and no more")]
pub(crate) use check::{Pair, check};
pub(crate) use draw::Options;

/// The names of all calls that a program may have.
#[allow(dead_code, reason = "the tests of plans run programs and no more")]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let all = steps::all().iter().copied();
    all.chain([steps::VARIABLE, steps::BACKWARD])
        .map(|step| step.name)
}

/// Runs the programs of the seeds as a whole on one device and call by call on another; panics with the
/// smallest program where the results differ.
#[allow(dead_code, reason = "the example counts programs itself")]
pub(crate) fn hold(seeds: Range<u64>, calls: usize, whole: &Device, single: &Device) {
    let plain = Device::new_cpu();
    let pair = Pair {
        whole,
        single,
        plain: &plain,
    };
    let options = Options {
        halves: whole.supports_f16() && single.supports_f16(),
        inexact: false,
        calls,
        only: None,
    };
    for seed in seeds {
        if let Err(why) = check(seed, options, &pair) {
            panic!("{why}");
        }
    }
}
