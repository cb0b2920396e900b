//! What was measured.

use serde::Serialize;

use crate::ceiling::Ceiling;
use crate::machine;
use crate::works::Work;

#[derive(Serialize)]
pub struct Report {
    pub date: String,
    pub machine: String,
    pub executors: Vec<Executor>,
}

impl Report {
    pub fn new(machine: String) -> Self {
        let date = machine::date();
        Self {
            date,
            machine,
            executors: Vec::new(),
        }
    }
}

/// One device, with tilewise and the peers that ran on it.
#[derive(Serialize)]
pub struct Executor {
    pub label: String,
    pub name: String,
    pub driver: String,
    pub ceiling: Option<Ceiling>,
    pub peers: Vec<PeerInfo>,
    pub rows: Vec<Row>,
}

#[derive(Serialize)]
pub struct PeerInfo {
    pub name: &'static str,
    /// Its version, or why it is absent.
    pub version: String,
    pub device: String,
}

/// One work on one device.
#[derive(Serialize)]
pub struct Row {
    pub work: String,
    /// What a time is of: a run, or an operation or step within it.
    pub pieces: usize,
    pub flops: f64,
    pub bytes: f64,
    pub cold: bool,
    /// In the order of [`Executor::peers`].
    pub outcomes: Vec<Outcome>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Seconds a piece: the median of the rounds, and each round's.
    Timed {
        seconds: f64,
        rounds: Vec<f64>,
    },
    Absent {
        why: String,
    },
    /// The result was not within the tolerance.
    Wrong {
        why: String,
    },
    Failed {
        why: String,
    },
}

impl Outcome {
    pub fn seconds(&self) -> Option<f64> {
        match self {
            Self::Timed { seconds, .. } => Some(*seconds),
            _ => None,
        }
    }
}

impl Row {
    pub fn new(work: &Work, outcomes: Vec<Outcome>) -> Self {
        Self {
            work: work.name.clone(),
            pieces: work.op.pieces(),
            flops: work.op.flops(),
            bytes: work.op.bytes(),
            cold: work.cold,
            outcomes,
        }
    }

    /// Seconds of tilewise.
    pub fn own(&self) -> Option<f64> {
        self.outcomes.first()?.seconds()
    }

    /// The index and the seconds of the fastest peer.
    pub fn best_peer(&self) -> Option<(usize, f64)> {
        let peers = self.outcomes.iter().enumerate().skip(1);
        let timed = peers.filter_map(|(i, o)| Some((i, o.seconds()?)));
        timed.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// How many times faster tilewise is than the fastest peer.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.best_peer()?.1 / self.own()?)
    }

    /// The share of the ceiling that tilewise reaches.
    pub fn share(&self, ceiling: &Ceiling) -> Option<f64> {
        if self.cold {
            return None;
        }
        Some(ceiling.seconds(self.flops, self.bytes)? / self.own()?)
    }
}
