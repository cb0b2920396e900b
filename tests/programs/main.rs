//! Any number of random programs: `cargo run --release --example programs -- cpu 0..100000 [calls] [name]`.
//!
//! A device is `cpu` (as a whole against call by call), a GPU's name (as a whole against the CPU call by
//! call), `gpu=gpu` (a GPU against itself) or `checked`. The calls are at most so many a program, the name is
//! that of a call to draw often.

#[path = "../support/programs/mod.rs"]
mod programs;

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;

use programs::{Options, Pair, check, names};
use tilewise::{Device, Result};

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what the command line asks for: the number of programs that fail.
fn run() -> Result<usize> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize| args.get(i).map(String::as_str);
    let device = arg(0).unwrap_or("cpu");
    let seeds = range(arg(1).unwrap_or("0..1000"));
    let calls = arg(2).and_then(|n| n.parse().ok()).unwrap_or(20);
    let plain = Device::new_cpu();
    let (name, itself) = match device.split_once('=') {
        Some((name, _)) => (name, true),
        None => (device, false),
    };
    let whole = if name == "cpu" {
        Device::new_cpu()
    } else {
        Device::named(name)?
    };
    let pair = Pair {
        whole: &whole,
        single: if itself { &whole } else { &plain },
        plain: &plain,
    };
    let options = Options {
        halves: whole.supports_f16(),
        inexact: name == "cpu" || name.starts_with("checked"),
        calls,
        only: arg(3).map(|name| &*name.to_owned().leak()),
    };
    println!("on {}", whole.name());
    let (mut failed, mut calls) = (0, 0);
    let mut drawn: BTreeMap<&str, [usize; 2]> = names().map(|name| (name, [0; 2])).collect();
    for seed in seeds.clone() {
        match check(seed, options, &pair) {
            Ok(all) => {
                calls += all.len();
                for (name, fails) in all {
                    drawn.entry(name).or_default()[fails as usize] += 1;
                }
            }
            Err(text) => {
                failed += 1;
                println!("{text}");
            }
        }
        if (seed + 1) % 200 == 0 {
            println!(
                "{} programs, {calls} calls, {failed} fail",
                seed + 1 - seeds.start
            );
        }
    }
    println!(
        "{} programs, {calls} calls, {failed} fail",
        seeds.end - seeds.start
    );
    for (name, [right, wrong]) in drawn {
        println!("{name:24} {right:8} {wrong:8} that must fail");
    }
    Ok(failed)
}

/// `first..end` as numbers.
fn range(text: &str) -> Range<u64> {
    let ends = text.split_once("..").unwrap_or(("0", text));
    let number = |s: &str| s.parse().unwrap_or(0);
    number(ends.0)..number(ends.1)
}
