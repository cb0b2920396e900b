//! Measures tilewise beside its peers on the same work; README.md says how to run it and what it prints.
//!
//! Each peer runs in a process of its own, which is this program again as `peers child NAME DEVICE`, or
//! `peers.py`: a crash of one is a row that says so. The parent asks them in turn, so that what disturbs
//! the machine disturbs all of them alike.

mod ceiling;
mod child;
mod devices;
mod machine;
mod measure;
mod options;
mod peer;
mod picture;
mod process;
mod protocol;
mod report;
mod table;
#[path = "../../works/mod.rs"]
mod works;

use std::error::Error;
use std::fs;

use options::Options;
use report::Report;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["child", name, device] => child::serve(name, device, false),
        ["child", name, device, "--cold"] => child::serve(name, device, true),
        ["ceiling", device] => protocol::print(&ceiling::measure(device)?),
        ["adapters"] => protocol::print(&devices::visible()),
        _ => compare(&Options::parse(&words)?),
    }
}

fn compare(options: &Options) -> Result<()> {
    let targets = devices::chosen(&options.devices)?;
    if options.list {
        print_choices(options, &targets);
        return Ok(());
    }
    fs::create_dir_all(&options.out)?;
    let mut report = Report::new(machine::describe());
    for target in &targets {
        eprintln!("{target}");
        let executor = measure::run(target, options)?;
        println!("{}", table::text(&executor));
        let name = format!("{}.svg", executor.label);
        fs::write(
            options.out.join(name),
            picture::svg(&executor, &report.date),
        )?;
        report.executors.push(executor);
        // After each device, so that what is measured is kept if a later one is interrupted.
        let json = serde_json::to_string_pretty(&report)?;
        fs::write(options.out.join("peers.json"), json + "\n")?;
        fs::write(options.out.join("peers.md"), table::markdown(&report))?;
    }
    println!("written: {}", options.out.display());
    Ok(())
}

fn print_choices(options: &Options, targets: &[devices::Target]) {
    for target in targets {
        println!("{target}");
        for engine in peer::ENGINES.iter().filter(|e| options.wants_peer(e.name)) {
            if engine.runs_on(target) {
                println!("    {}", engine.name);
            }
        }
    }
    for work in options.works(true) {
        println!("{}", work.name);
    }
}
