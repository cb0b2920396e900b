//! The side of a peer: prepares and times what the parent asks for.

use std::io::BufRead;
use std::time::{Duration, Instant};

use crate::Result;
use crate::peer::{self, Job, Peer};
use crate::protocol::{self, Reply, Request};
use crate::works::{self, Op};

/// Warm-up: at least so many runs and so much time, within which kernels are compiled and tuned.
const WARM_RUNS: usize = 3;
const WARM_TIME: Duration = Duration::from_millis(200);
/// No more warm-up runs after this time.
const WARM_LONG: Duration = Duration::from_secs(2);
/// Runs of a round at most.
const MOST_RUNS: usize = 2000;

/// Answers requests until standard input ends. A cold peer neither greets nor warms up: its first
/// result is all it is asked for.
pub fn serve(name: &str, device: &str, cold: bool) -> Result<()> {
    struct Serve {
        cold: bool,
    }
    impl peer::Visit for Serve {
        fn with(self, peer: impl Peer) -> Result<()> {
            answer(&peer, self.cold)
        }
    }
    match peer::open(name, device, Serve { cold }) {
        Err(error) => protocol::print(&Reply::Absent {
            why: error.to_string(),
        }),
        done => done,
    }
}

fn op(work: &str) -> Result<Op> {
    let mut all = works::all(true).into_iter();
    let found = all.find(|w| w.name == work);
    Ok(found.ok_or(format!("{work}: no such work"))?.op)
}

fn answer<P: Peer>(peer: &P, cold: bool) -> Result<()> {
    if !cold {
        protocol::print(&Reply::Hello {
            version: peer.version(),
            device: peer.device(),
        })?;
    }
    let mut prepared = None;
    for line in std::io::stdin().lock().lines() {
        let reply = match serde_json::from_str(&line?)? {
            Request::Prepare { work, sample, .. } => {
                // Room for the next work's operands.
                prepared = None;
                prepare(peer, &op(&work)?, &sample, cold).map(|(reply, job)| {
                    prepared = job;
                    reply
                })
            }
            Request::Time { seconds } => match &mut prepared {
                Some(job) => time(peer, job, Duration::from_secs_f64(seconds)),
                None => Err("nothing is prepared".into()),
            },
        };
        protocol::print(&reply.unwrap_or_else(|error| Reply::Failed {
            why: error.to_string(),
        }))?;
    }
    Ok(())
}

fn prepare<P: Peer>(
    peer: &P,
    op: &Op,
    sample: &[usize],
    cold: bool,
) -> Result<(Reply, Option<Job<P::Value>>)> {
    let Some(mut job) = peer.prepare(op)? else {
        let why = "no such operation".into();
        return Ok((Reply::Absent { why }, None));
    };
    let values = sampled(peer, job()?, sample)?;
    if !cold {
        warm_up(peer, &mut job)?;
    }
    Ok((Reply::Ready { values }, Some(job)))
}

fn warm_up<P: Peer>(peer: &P, job: &mut Job<P::Value>) -> Result<()> {
    let start = Instant::now();
    for run in 1.. {
        let value = job()?;
        peer.finish(&value)?;
        let spent = start.elapsed();
        if spent > WARM_LONG || run >= WARM_RUNS && spent > WARM_TIME {
            break;
        }
    }
    Ok(())
}

fn sampled<P: Peer>(peer: &P, value: P::Value, sample: &[usize]) -> Result<Vec<f64>> {
    let values = peer.read(value)?;
    let at = |place: &usize| values.get(*place).map_or(f64::NAN, |v| f64::from(*v));
    Ok(sample.iter().map(at).collect())
}

/// Each run is timed from its call until its result is computed and given back.
fn time<P: Peer>(peer: &P, job: &mut Job<P::Value>, budget: Duration) -> Result<Reply> {
    let mut times = Vec::new();
    let start = Instant::now();
    while times.is_empty() || start.elapsed() < budget && times.len() < MOST_RUNS {
        let run = Instant::now();
        let value = job()?;
        peer.finish(&value)?;
        drop(value);
        times.push(run.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(Reply::Timed {
        seconds: times[times.len() / 2],
        runs: times.len(),
    })
}
