//! A run as words and tensors under names, as they stand in a file.
//!
//! Numbers are written so that they read back to the same bits.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use super::checkpoint::fail;
use super::figures::{Sums, Totals};
use super::history::{History, Params};
use super::stopping::Stopping;
use super::trainer::Run;
use crate::device::Device;
use crate::error::Result;
use crate::generator::Generator;
use crate::optim::schedule::PlateauState;
use crate::safetensors::{self, Narrowing, SafetensorsFile};
use crate::tensor::Tensor;

/// What says that a file holds a run, with the version of what it holds.
const FORMAT: (&str, &str) = ("tilewise.run", "1");

/// What a run is.
#[derive(Default)]
pub(super) struct Saved {
    words: BTreeMap<String, String>,
    tensors: Vec<(String, Tensor)>,
}

/// Why a file does not hold what it should.
type Words<T> = Result<T, String>;

// Writing ---------------------------------------------------------------------

impl Saved {
    /// How far a run is.
    pub(super) fn of_run(run: &Run) -> Self {
        let mut saved = Self::default();
        saved.put(FORMAT.0, FORMAT.1);
        saved.put_all("at", &[run.start, run.batches, run.step]);
        saved.put_all("rate", &[run.base, run.rate]);
        for (name, sums) in [("means", &run.totals.means), ("norms", &run.totals.norms)] {
            let numbers: Vec<f64> = [sums.weight].into_iter().chain(sums.sums.clone()).collect();
            saved.put_all(name, &numbers);
        }
        let history = &run.history;
        let params = history.params();
        let sizes = [
            params.epochs,
            params.steps,
            params.batch_size,
            params.rows,
            params.validation_rows,
            params.parameters,
        ];
        saved.put_all("params", &sizes);
        saved.put("epochs", history.len());
        for (at, (name, values)) in history.columns().iter().enumerate() {
            saved.put(&format!("figure.{at}"), name);
            saved.put_all(&format!("values.{at}"), values);
        }
        saved.put("under_way", run.names.len());
        for (at, name) in run.names.iter().enumerate() {
            saved.put(&format!("under_way.{at}"), name);
        }
        for (at, (output, target)) in run.kept.iter().enumerate() {
            let pair = [("output", output), ("target", target)];
            let pair = pair.map(|(name, tensor)| (at.to_string() + "." + name, tensor.clone()));
            saved.add("kept", pair);
        }
        saved
    }

    pub(super) fn put(&mut self, name: &str, value: impl Display) {
        self.words.insert(name.into(), value.to_string());
    }

    pub(super) fn put_all(&mut self, name: &str, values: &[impl Display]) {
        let words: Vec<String> = values.iter().map(ToString::to_string).collect();
        self.put(name, words.join(" "));
    }

    pub(super) fn put_maybe(&mut self, name: &str, value: Option<f64>) {
        self.put(name, value.map_or("none".into(), |value| value.to_string()));
    }

    pub(super) fn put_plateau(&mut self, monitor: &str, state: PlateauState) {
        self.put("plateau.monitor", monitor);
        self.put_maybe("plateau.best", state.best);
        self.put_all("plateau", &[state.waited, state.cooling, state.reductions]);
    }

    pub(super) fn put_stopping(&mut self, monitor: &str, state: &Stopping) {
        self.put("stopping.monitor", monitor);
        self.put_maybe("stopping.best", state.best);
        self.put("stopping", state.waited);
        self.add("best", state.weights.clone().unwrap_or_default());
    }

    /// Tensors under their names, with a word before them.
    pub(super) fn add(&mut self, word: &str, tensors: impl IntoIterator<Item = (String, Tensor)>) {
        let tensors = tensors.into_iter();
        let named = tensors.map(|(name, tensor)| (format!("{word}.{name}"), tensor));
        self.tensors.extend(named);
    }

    #[track_caller]
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let words = self.words.iter();
        let words: Vec<(&str, &str)> = words.map(|(k, v)| (k.as_str(), v.as_str())).collect();
        safetensors::save(path, &self.tensors, &words)
    }
}

// Reading ---------------------------------------------------------------------

impl Saved {
    /// The words and tensors of a file.
    #[track_caller]
    pub(super) fn read(path: &Path, device: &Device) -> Result<Self> {
        let mut file = SafetensorsFile::open(path)?;
        let words = file.metadata().clone();
        match words.get(FORMAT.0) {
            Some(version) if version == FORMAT.1 => {}
            Some(version) => {
                let known = FORMAT.1;
                let message = format!("it is a run of version {version}, and {known} is read");
                return fail(path, message);
            }
            None => {
                return fail(
                    path,
                    "it holds no run of a trainer, as Trainer::save writes it",
                );
            }
        }
        let mut tensors = Vec::new();
        for name in file.names() {
            let tensor = file.load(&name, Narrowing::Checked, device)?;
            tensors.push((name, tensor));
        }
        Ok(Self { words, tensors })
    }

    /// The tensors whose names start with a word, without it.
    pub(super) fn under(&self, word: &str) -> Vec<(String, Tensor)> {
        let each = self.tensors.iter().filter_map(|(name, tensor)| {
            let name = name.strip_prefix(word)?.strip_prefix('.')?;
            Some((name.into(), tensor.clone()))
        });
        each.collect()
    }

    pub(super) fn get(&self, name: &str) -> Words<&str> {
        let word = self.words.get(name).map(String::as_str);
        word.ok_or_else(|| format!("it says nothing of {name:?}"))
    }

    fn number<T: FromStr>(&self, name: &str) -> Words<T> {
        let word = self.get(name)?;
        word.parse().map_err(|_| format!("{name:?} is {word:?}"))
    }

    fn numbers<T: FromStr>(&self, name: &str) -> Words<Vec<T>> {
        let text = self.get(name)?;
        let numbers = text.split_whitespace().map(str::parse);
        let numbers: Result<Vec<T>, _> = numbers.collect();
        numbers.map_err(|_| format!("{name:?} is {text:?}"))
    }

    fn array<T: FromStr, const N: usize>(&self, name: &str) -> Words<[T; N]> {
        let numbers: Vec<T> = self.numbers(name)?;
        let count = numbers.len();
        let numbers = numbers.try_into();
        numbers.map_err(|_| format!("{name:?} holds {count} numbers, not {N}"))
    }

    /// A number that may be missing, as [`Saved::put_maybe`] writes it.
    pub(super) fn maybe(&self, name: &str) -> Words<Option<f64>> {
        match self.words.get(name).map(String::as_str) {
            None | Some("none") => Ok(None),
            Some(_) => self.number(name).map(Some),
        }
    }

    fn sums(&self, name: &str) -> Words<Sums> {
        let mut numbers: Vec<f64> = self.numbers(name)?;
        if numbers.is_empty() {
            return Err(format!("{name:?} is empty"));
        }
        let weight = numbers.remove(0);
        Ok(Sums {
            weight,
            sums: numbers,
        })
    }

    /// How far the run is.
    pub(super) fn run(&self) -> Words<Run> {
        let [start, batches, step] = self.array("at")?;
        let [base, rate] = self.array("rate")?;
        let mut kept = Vec::new();
        let mut pairs = self.under("kept");
        let mut take = |name: String| {
            let at = pairs.iter().position(|(own, _)| *own == name)?;
            Some(pairs.swap_remove(at).1)
        };
        while let Some(output) = take(format!("{}.output", kept.len())) {
            let target = take(format!("{}.target", kept.len()));
            kept.push((output, target.ok_or("an output has no target")?));
        }
        Ok(Run {
            start,
            finished: false,
            batches,
            step,
            base,
            rate,
            names: self.names()?,
            totals: Totals {
                means: self.sums("means")?,
                norms: self.sums("norms")?,
            },
            kept,
            history: self.history()?,
        })
    }

    /// The names of the figures of the epoch under way.
    fn names(&self) -> Words<Vec<String>> {
        let count: usize = self.number("under_way")?;
        let names = (0..count).map(|at| self.get(&format!("under_way.{at}")).map(String::from));
        names.collect()
    }

    fn history(&self) -> Words<History> {
        let epochs = self.number("epochs")?;
        let mut columns = Vec::new();
        while let Some(name) = self.words.get(&format!("figure.{}", columns.len())) {
            let values: Vec<f64> = self.numbers(&format!("values.{}", columns.len()))?;
            if values.len() != epochs {
                let count = values.len();
                return Err(format!("{name} has {count} values for {epochs} epochs"));
            }
            columns.push((name.clone(), values));
        }
        let [to, steps, batch_size, rows, validation_rows, parameters] = self.array("params")?;
        let params = Params {
            epochs: to,
            steps,
            batch_size,
            rows,
            validation_rows,
            parameters,
            optimizer: self.get("optimizer")?.into(),
        };
        Ok(History::of(columns, epochs, params))
    }

    /// The generator of a device, by its place among those of the model.
    pub(super) fn generator(&self, at: usize) -> Words<Generator> {
        let [seed, drawn] = self.array(&format!("generator.{at}"))?;
        Ok(Generator::after(seed, drawn))
    }

    /// Whether what is saved under a name follows this figure: what is best of one says nothing of another.
    pub(super) fn follows(&self, name: &str, monitor: &str) -> bool {
        let saved = self.words.get(&format!("{name}.monitor"));
        saved.is_some_and(|saved| saved == monitor)
    }

    pub(super) fn plateau(&self) -> Words<Option<PlateauState>> {
        if !self.words.contains_key("plateau") {
            return Ok(None);
        }
        let [waited, cooling, reductions] = self.array("plateau")?;
        Ok(Some(PlateauState {
            best: self.maybe("plateau.best")?,
            waited,
            cooling,
            reductions,
        }))
    }

    pub(super) fn stopping(&self) -> Words<Option<Stopping>> {
        if !self.words.contains_key("stopping") {
            return Ok(None);
        }
        let weights = self.under("best");
        Ok(Some(Stopping {
            best: self.maybe("stopping.best")?,
            waited: self.number("stopping")?,
            weights: (!weights.is_empty()).then_some(weights),
        }))
    }
}
