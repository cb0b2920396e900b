//! The side of the parent: a peer as a process that answers, is too late, or dies.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Result;
use crate::devices::Target;
use crate::options::Options;
use crate::peer::Engine;
use crate::protocol::{Reply, Request};

/// A peer that does not answer for so long is ended.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running peer.
pub struct Process {
    child: Child,
    requests: Option<ChildStdin>,
    replies: Receiver<String>,
    /// What it says on standard error.
    noise: Option<JoinHandle<String>>,
}

impl Process {
    /// Starts a peer; a cold one is to do a single work.
    pub fn start(engine: &Engine, target: &Target, options: &Options, cold: bool) -> Result<Self> {
        let device = &target.adapter.id;
        let mut command = if engine.python {
            let mut command = Command::new(&options.python);
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers.py"));
            command.args([engine.name, if target.is_cpu() { "cpu" } else { "cuda" }]);
            command
        } else {
            let mut command = Command::new(std::env::current_exe()?);
            // The only adapter that the process sees is its first.
            command.args([
                "child",
                engine.name,
                if target.is_cpu() { device } else { "gpu:0" },
            ]);
            command
        };
        if cold {
            command.arg("--cold");
            // A first run knows no shader from a run before.
            command.env("MESA_SHADER_CACHE_DISABLE", "true");
        }
        target.limit(&mut command);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (Some(output), Some(mut errors)) = (output, errors) else {
            return Err("a child without its pipes".into());
        };
        let (sender, replies) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output)
                .lines()
                .map_while(std::io::Result::ok)
            {
                // Engines print words of their own.
                if line.starts_with('{') && sender.send(line).is_err() {
                    break;
                }
            }
        });
        let noise = thread::spawn(move || {
            let mut bytes = Vec::new();
            // What cannot be read is not missed.
            let _ = errors.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Ok(Self {
            requests: child.stdin.take(),
            child,
            replies,
            noise: Some(noise),
        })
    }

    /// Sends a request and waits for the reply to it.
    ///
    /// # Errors
    /// The process died or was ended; the message says how. It answers no more.
    pub fn ask(&mut self, request: &Request) -> Result<Reply> {
        self.hold(false);
        let line = serde_json::to_string(request)? + "\n";
        // That a dead process reads nothing is told better by what it leaves.
        if let Some(requests) = &mut self.requests {
            let _ = requests.write_all(line.as_bytes());
        }
        let reply = self.reply();
        self.hold(true);
        reply
    }

    /// Stops the process, or lets it go on. Threads that wait for more work by spinning would take
    /// processors from the other peers: OpenBLAS and OpenMP do so for tens of milliseconds.
    fn hold(&self, still: bool) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            let signal = if still { Signal::STOP } else { Signal::CONT };
            // A process that is gone needs neither.
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
        #[cfg(not(unix))]
        let _ = still;
    }

    /// Waits for a reply.
    ///
    /// # Errors
    /// As [`Process::ask`].
    pub fn reply(&mut self) -> Result<Reply> {
        match self.replies.recv_timeout(PATIENCE) {
            Ok(line) => Ok(serde_json::from_str(&line)?),
            Err(RecvTimeoutError::Timeout) => {
                self.child.kill()?;
                Err(format!("no answer in {} s", PATIENCE.as_secs()).into())
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.autopsy()?.into()),
        }
    }

    /// How the process ended, with its last words.
    fn autopsy(&mut self) -> Result<String> {
        self.requests = None;
        let status = self.child.wait()?;
        let noise = self.noise.take().and_then(|noise| noise.join().ok());
        let noise = noise.unwrap_or_default();
        // A panic's message stands on the line after its place.
        let mut lines = noise
            .lines()
            .skip_while(|line| !line.contains("panicked at"));
        let words = lines
            .nth(1)
            .or(noise.lines().last())
            .unwrap_or("no message");
        Ok(format!("{}: {}", ending(status), words.trim()))
    }
}

impl Drop for Process {
    /// A peer ends by itself when there is nothing more to read.
    fn drop(&mut self) {
        self.requests = None;
        self.hold(false);
        let patience = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if patience.elapsed() > Duration::from_secs(5) {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            11 => "crashed with a segmentation fault".into(),
            signal => format!("crashed with signal {signal}"),
        };
    }
    format!("ended with {status}")
}
