//! One device: all peers on all works, in turn, round by round.

use std::time::Instant;

use crate::Result;
use crate::ceiling::{self, Ceiling};
use crate::devices::Target;
use crate::options::Options;
use crate::peer::{ENGINES, Engine};
use crate::process::Process;
use crate::protocol::{self, Reply, Request};
use crate::report::{Executor, Outcome, PeerInfo, Row};
use crate::works::Work;
use crate::works::reference::{self, Expected};

/// A process that died this often is not started again.
const MOST_CRASHES: usize = 5;
/// A round that takes longer is the last but one.
const LONG: f64 = 2.0;

pub fn run(target: &Target, options: &Options) -> Result<Executor> {
    let ceiling = ceiling(target);
    let engines = ENGINES.iter();
    let engines = engines.filter(|e| options.wants_peer(e.name) && e.runs_on(target));
    let mut peers: Vec<Peer> = engines.map(|e| Peer::new(e, target, options)).collect();
    let mut rows = Vec::new();
    for work in options.works(target.is_large()) {
        eprintln!("  {}", work.name);
        let expected = reference::expected(&work.op);
        let outcomes = if work.cold {
            cold(&mut peers, &work, &expected, options.rounds)
        } else {
            warm(&mut peers, &work, &expected, options)
        };
        rows.push(Row::new(&work, outcomes));
    }
    Ok(Executor {
        label: target.label(),
        name: target.adapter.name.clone(),
        driver: target.adapter.driver.clone(),
        ceiling,
        peers: peers.into_iter().map(|p| p.info).collect(),
        rows,
    })
}

fn ceiling(target: &Target) -> Option<Ceiling> {
    let measured = ceiling::in_a_process(target);
    measured
        .inspect_err(|error| eprintln!("  no ceiling: {error}"))
        .ok()
}

/// A peer, running or not.
struct Peer<'a> {
    engine: &'static Engine,
    target: &'a Target,
    options: &'a Options,
    process: Option<Process>,
    info: PeerInfo,
    crashes: usize,
    /// Why it is not to be started.
    absent: Option<String>,
}

impl<'a> Peer<'a> {
    fn new(engine: &'static Engine, target: &'a Target, options: &'a Options) -> Self {
        let (version, device) = (String::new(), String::new());
        let info = PeerInfo {
            name: engine.name,
            version,
            device,
        };
        let mut peer = Self {
            engine,
            target,
            options,
            process: None,
            info,
            crashes: 0,
            absent: None,
        };
        if let Err(outcome) = peer.start() {
            eprintln!("  {}: {outcome:?}", engine.name);
        }
        peer
    }

    fn start(&mut self) -> std::result::Result<(), Outcome> {
        let greet = |peer: &mut Self| -> Result<Reply> {
            let mut process = Process::start(peer.engine, peer.target, peer.options, false)?;
            let hello = process.reply()?;
            peer.process = Some(process);
            Ok(hello)
        };
        match greet(self) {
            Ok(Reply::Hello { version, device }) => {
                (self.info.version, self.info.device) = (version, device);
                Ok(())
            }
            Ok(Reply::Absent { why }) => Err(self.end(why, false)),
            Ok(_) => Err(self.end("no greeting".into(), false)),
            Err(error) => Err(self.end(error.to_string(), true)),
        }
    }

    /// Forgets the process.
    fn end(&mut self, why: String, crashed: bool) -> Outcome {
        self.process = None;
        self.crashes += usize::from(crashed);
        let started = !self.info.version.is_empty();
        if !started {
            self.info.version = format!("absent: {why}");
        }
        if !started || self.crashes >= MOST_CRASHES {
            self.absent = Some(why.clone());
        }
        if crashed {
            Outcome::Failed { why }
        } else {
            Outcome::Absent { why }
        }
    }

    fn ask(&mut self, request: &Request) -> std::result::Result<Reply, Outcome> {
        if let Some(why) = self.absent.clone() {
            return Err(Outcome::Absent { why });
        }
        if self.process.is_none() {
            self.start()?;
        }
        let reply = self.process.as_mut().map(|process| process.ask(request));
        match reply {
            Some(Ok(Reply::Absent { why })) => Err(Outcome::Absent { why }),
            Some(Ok(Reply::Failed { why })) => Err(Outcome::Failed { why }),
            Some(Ok(reply)) => Ok(reply),
            Some(Err(error)) => Err(self.end(error.to_string(), true)),
            None => Err(self.end("not running".into(), false)),
        }
    }

    fn prepare(&mut self, work: &Work, expected: &[Expected]) -> std::result::Result<(), Outcome> {
        match self.ask(&protocol::prepare(work))? {
            Reply::Ready { values } => check(&values, expected),
            _ => Err(Outcome::Failed {
                why: "an unexpected answer".into(),
            }),
        }
    }

    fn round(&mut self) -> std::result::Result<f64, Outcome> {
        match self.ask(&Request::Time {
            seconds: self.options.seconds,
        })? {
            Reply::Timed { seconds, .. } => Ok(seconds),
            _ => Err(Outcome::Failed {
                why: "an unexpected answer".into(),
            }),
        }
    }

    /// The seconds from the start of a process until its first result is here.
    fn first(&mut self, work: &Work, expected: &[Expected]) -> std::result::Result<f64, Outcome> {
        if let Some(why) = self.absent.clone() {
            return Err(Outcome::Absent { why });
        }
        let failed = |error: Box<dyn std::error::Error>| Outcome::Failed {
            why: error.to_string(),
        };
        let start = Instant::now();
        let mut process =
            Process::start(self.engine, self.target, self.options, true).map_err(failed)?;
        let reply = process.ask(&protocol::prepare(work)).map_err(failed)?;
        let seconds = start.elapsed().as_secs_f64();
        match reply {
            Reply::Ready { values } => check(&values, expected).map(|()| seconds),
            Reply::Absent { why } => Err(Outcome::Absent { why }),
            Reply::Failed { why } => Err(Outcome::Failed { why }),
            _ => Err(Outcome::Failed {
                why: "an unexpected answer".into(),
            }),
        }
    }
}

/// Each peer prepares, then each is asked in turn, round after round.
fn warm(peers: &mut [Peer], work: &Work, expected: &[Expected], options: &Options) -> Vec<Outcome> {
    let ready: Vec<_> = peers
        .iter_mut()
        .map(|p| p.prepare(work, expected))
        .collect();
    in_rounds(peers, ready, options.rounds, |peer| {
        peer.round()
            .map(|seconds| seconds / work.op.pieces() as f64)
    })
}

fn cold(peers: &mut [Peer], work: &Work, expected: &[Expected], rounds: usize) -> Vec<Outcome> {
    // The first round also brings the programs into the page cache.
    let ready: Vec<_> = peers
        .iter_mut()
        .map(|p| p.first(work, expected).map(|_| ()))
        .collect();
    in_rounds(peers, ready, rounds.min(3), |peer| {
        peer.first(work, expected)
    })
}

fn in_rounds(
    peers: &mut [Peer],
    ready: Vec<std::result::Result<(), Outcome>>,
    rounds: usize,
    mut round: impl FnMut(&mut Peer) -> std::result::Result<f64, Outcome>,
) -> Vec<Outcome> {
    let mut all: Vec<_> = ready
        .into_iter()
        .map(|ready| ready.map(|()| Vec::new()))
        .collect();
    for _ in 0..rounds {
        for (peer, times) in peers.iter_mut().zip(&mut all) {
            let Ok(so_far) = times else { continue };
            if so_far.len() > 1 && so_far[0] > LONG {
                continue;
            }
            match round(peer) {
                Ok(seconds) => so_far.push(seconds),
                Err(outcome) => *times = Err(outcome),
            }
        }
    }
    let outcome = |times: std::result::Result<Vec<f64>, Outcome>| match times {
        Ok(rounds) => Outcome::Timed {
            seconds: median(&rounds),
            rounds,
        },
        Err(outcome) => outcome,
    };
    all.into_iter().map(outcome).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn check(values: &[f64], expected: &[Expected]) -> std::result::Result<(), Outcome> {
    if values.len() != expected.len() {
        let why = format!("{} values instead of {}", values.len(), expected.len());
        return Err(Outcome::Wrong { why });
    }
    for (got, wanted) in values.iter().zip(expected) {
        let error = (got - wanted.value).abs();
        // So that NaN is wrong too.
        if !(error <= wanted.tolerance) {
            let Expected { value, tolerance } = wanted;
            let why = format!("{got:e} where {value:e} ± {tolerance:.0e} is right");
            return Err(Outcome::Wrong { why });
        }
    }
    Ok(())
}
