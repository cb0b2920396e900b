//! The command line.

use std::path::PathBuf;

use crate::Result;
use crate::works::{self, Work};

const HELP: &str = "\
usage: peers [option]…
  --only TEXT[,TEXT]…     works whose name contains one of these; all
  --peers NAME[,NAME]…    these peers beside tilewise; all
  --devices NAME[,NAME]…  cpu, or adapters whose name contains this; all
  --rounds N              rounds that a median is taken of; 5
  --seconds S             time of a peer's share of a round; 0.1
  --out DIR               where peers.json, peers.md and DEVICE.svg go; target/peers
  --python PATH           a Python with any of NumPy, PyTorch and JAX; python3
  --list                  what there is to choose from";

pub struct Options {
    only: Vec<String>,
    peers: Vec<String>,
    pub devices: Vec<String>,
    pub rounds: usize,
    pub seconds: f64,
    pub out: PathBuf,
    pub python: String,
    pub list: bool,
}

impl Options {
    pub fn parse(args: &[&str]) -> Result<Self> {
        let mut options = Self {
            only: Vec::new(),
            peers: Vec::new(),
            devices: Vec::new(),
            rounds: 5,
            seconds: 0.1,
            out: "target/peers".into(),
            python: "python3".into(),
            list: false,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value\n{HELP}"));
            let names = |list: &str| list.split(',').map(str::to_lowercase).collect();
            match *arg {
                "--only" => options.only = names(value()?),
                "--peers" => options.peers = names(value()?),
                "--devices" => options.devices = names(value()?),
                "--rounds" => options.rounds = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--out" => options.out = value()?.into(),
                "--python" => options.python = value()?.to_string(),
                "--list" => options.list = true,
                _ => return Err(format!("{arg}: no such option\n{HELP}").into()),
            }
        }
        if options.rounds == 0 {
            return Err("--rounds: at least 1".into());
        }
        Ok(options)
    }

    /// The works to measure, on a device that takes large ones or not.
    pub fn works(&self, large: bool) -> Vec<Work> {
        let wanted = |work: &Work| {
            self.only.is_empty() || self.only.iter().any(|text| work.name.contains(text))
        };
        works::all(large).into_iter().filter(wanted).collect()
    }

    /// Whether to measure a peer; tilewise always is.
    pub fn wants_peer(&self, name: &str) -> bool {
        let named = |wanted: &String| name == wanted || name.starts_with(&format!("{wanted}-"));
        self.peers.is_empty() || name == "tilewise" || self.peers.iter().any(named)
    }
}
