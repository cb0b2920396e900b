//! Tables of numbers in text files.
//!
//! ```
//! use tilewise::{csv, prelude::*};
//!
//! let text = "sepal,petal,kind\n5.1,1.4,a\n4.9,,b\n";
//! let options = csv::Options::new().columns(["petal", "sepal"]);
//! let table = csv::read(text.as_bytes(), &options, &Device::cpu())?;
//! assert_eq!(table.names, ["petal", "sepal"]);
//! assert_eq!(table.values.to_string(), "[[1.4 5.1]\n [nan 4.9]]");
//! # Ok::<(), Error>(())
//! ```

use std::io::Read;
use std::path::Path;

use ::csv::{ByteRecord, ReaderBuilder, Trim};

use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// How a table is read: by default with a [header](Options::header), commas, all columns, and NaN where a value is
/// missing.
#[derive(Clone, Debug)]
pub struct Options {
    /// What was said; by default there is one, which must not look like values.
    header: Option<bool>,
    delimiter: u8,
    columns: Option<Vec<Column>>,
    missing: Missing,
}

/// What becomes of an empty field, or one that says `NA`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// It is NaN.
    #[default]
    Nan,
    /// It is an error, which names line and column.
    Error,
}

/// A column, by its name in the header or by its number from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The first of this name.
    Name(String),
    /// Its place.
    Number(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Column {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            header: None,
            delimiter: b',',
            columns: None,
            missing: Missing::Nan,
        }
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the first line holds names and not values. Unless it is said, the first line holds names, and
    /// one that holds nothing but numbers is an error: it would be a row of values that is lost.
    ///
    /// ```
    /// use tilewise::{csv, prelude::*};
    /// let (text, dev) = ("1,2\n3,4\n".as_bytes(), Device::cpu());
    /// assert!(csv::read(text, &csv::Options::new(), &dev).is_err());
    /// let rows = csv::read(text, &csv::Options::new().header(false), &dev)?;
    /// assert_eq!(rows.values.shape(), [2, 2]);
    /// let years = csv::read(text, &csv::Options::new().header(true), &dev)?;
    /// assert_eq!(years.names, ["1", "2"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn header(self, header: bool) -> Self {
        Self {
            header: Some(header),
            ..self
        }
    }

    /// The byte between fields: `b','`, `b';'`, `b'\t'`.
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// These columns alone, in this order, by names or by numbers from 0.
    pub fn columns<C: Into<Column>>(self, columns: impl IntoIterator<Item = C>) -> Self {
        Self {
            columns: Some(columns.into_iter().map(Into::into).collect()),
            ..self
        }
    }

    /// What becomes of missing values.
    pub fn missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
    }
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Table {
    /// The names of the columns; empty without a header.
    pub names: Vec<String>,
    /// Rows by columns, `f32`: the nearest to what is written, which for whole numbers is exact up to 2²⁴.
    pub values: Tensor,
}

impl Table {
    /// The columns to learn from, `(rows, features)`, and those to predict, `(rows, targets)`, in the order in which
    /// they are named: by names in the header or numbers from 0.
    ///
    /// # Errors
    /// A column that is not there.
    ///
    /// ```
    /// use tilewise::{csv, data::{LabelEncoder, TensorDataset}, prelude::*};
    ///
    /// let text = "length,kind,width\n5,20,1\n4,10,2\n";
    /// let table = csv::read(text.as_bytes(), &csv::Options::new(), &Device::cpu())?;
    /// let (x, y) = table.split(["kind"])?;
    /// assert_eq!((x.to_vec::<f32>()?, y.shape()), (vec![5., 1., 4., 2.], &[2, 1][..]));
    ///
    /// let classes = LabelEncoder::new().fit_transform(&y.squeeze(1)?)?;
    /// assert_eq!(classes.to_vec::<u32>()?, [1, 0]);
    /// let data = TensorDataset::new(&x, &classes)?;
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn split<C: Into<Column>>(
        &self,
        targets: impl IntoIterator<Item = C>,
    ) -> Result<(Tensor, Tensor)> {
        let options = Options::new().columns(targets);
        let width = self.values.shape()[1];
        let targets = match choose(&options, &self.names, width) {
            Ok(targets) => targets,
            Err(message) => return Err(Error::value("csv::split", message)),
        };
        let features = (0..width).filter(|column| !targets.contains(column));
        Ok((
            self.of_columns(features)?,
            self.of_columns(targets.iter().copied())?,
        ))
    }

    #[track_caller]
    fn of_columns(&self, columns: impl Iterator<Item = usize>) -> Result<Tensor> {
        let columns: Vec<u32> = columns.map(|column| column as u32).collect();
        self.values
            .take(&Tensor::new(columns, self.values.device())?, 1)
    }
}

/// Loads a table from a file, as NumPy's `np.genfromtxt`.
///
/// # Errors
/// A file that cannot be read, lines of unequal length, a column that is not there, a field that is no
/// number (the error names line and column), or no memory on the device.
#[track_caller]
pub fn load(path: impl AsRef<Path>, options: &Options, device: &Device) -> Result<Table> {
    let name = path.as_ref().display().to_string();
    let parsed = crate::file::open(path.as_ref()).and_then(|file| Parsed::read(file, options));
    finish("csv::load", &name, parsed, device)
}

/// Reads a table; see [`load`].
///
/// # Errors
/// As [`load`].
#[track_caller]
pub fn read(reader: impl Read, options: &Options, device: &Device) -> Result<Table> {
    let parsed = Parsed::read(reader, options);
    finish("csv::read", "the text", parsed, device)
}

#[track_caller]
fn finish(
    op: &'static str,
    file: &str,
    parsed: std::result::Result<Parsed, String>,
    device: &Device,
) -> Result<Table> {
    match parsed {
        Ok(Parsed {
            names,
            values,
            columns,
        }) => {
            let rows = values.len().checked_div(columns).unwrap_or(0);
            let values = Tensor::from_slice(&values, Shape::of(&[rows, columns]), device)?;
            Ok(Table { names, values })
        }
        Err(message) => Err(Error::new(ErrorKind::File {
            op,
            file: file.into(),
            message,
        })),
    }
}

/// A table on the host.
struct Parsed {
    names: Vec<String>,
    values: Vec<f32>,
    columns: usize,
}

impl Parsed {
    fn read(reader: impl Read, options: &Options) -> std::result::Result<Self, String> {
        let has_header = options.header.unwrap_or(true);
        let mut reader = ReaderBuilder::new()
            .has_headers(has_header)
            .delimiter(options.delimiter)
            .trim(Trim::All)
            .from_reader(reader);
        let header: Vec<String> = match has_header {
            true => {
                let header = reader.byte_headers().map_err(in_words)?;
                let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
                header.iter().map(text).collect()
            }
            false => Vec::new(),
        };
        let is_number = |name: &String| name.parse::<f32>().is_ok();
        if options.header.is_none() && !header.is_empty() && header.iter().all(is_number) {
            return Err(format!(
                "the first line, {}, holds numbers alone: say header(false) if it is a row of values, or header(true) \
                 if these are the names of the columns",
                header.join(", ")
            ));
        }
        // Without a header the first line tells how many columns there are.
        let mut width = has_header.then_some(header.len());
        let mut chosen = match width {
            Some(width) => choose(options, &header, width)?,
            None => Vec::new(),
        };
        let mut values = Vec::new();
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(in_words)? {
            if width.is_none() {
                width = Some(record.len());
                chosen = choose(options, &header, record.len())?;
            }
            for &column in &chosen {
                let field = &record[column];
                let number = match field {
                    b"" | b"NA" if options.missing == Missing::Nan => Some(f32::NAN),
                    _ => std::str::from_utf8(field)
                        .ok()
                        .and_then(|text| text.parse().ok()),
                };
                let Some(number) = number else {
                    let line = record.position().map_or(0, ::csv::Position::line);
                    let name = header.get(column).map(|name| format!(" ({name})"));
                    let what = match field {
                        b"" | b"NA" => "a value is missing".into(),
                        _ => format!("{:?} is no number", String::from_utf8_lossy(field)),
                    };
                    let name = name.unwrap_or_default();
                    return Err(format!("{what} in line {line}, column {column}{name}"));
                };
                values.push(number);
            }
        }
        let names = chosen
            .iter()
            .filter_map(|&c| header.get(c).cloned())
            .collect();
        Ok(Self {
            names,
            values,
            columns: chosen.len(),
        })
    }
}

/// The numbers of the columns that are asked for.
fn choose(
    options: &Options,
    header: &[String],
    width: usize,
) -> std::result::Result<Vec<usize>, String> {
    let Some(columns) = &options.columns else {
        return Ok((0..width).collect());
    };
    let number = |column: &Column| match column {
        Column::Number(number) if *number < width => Ok(*number),
        Column::Number(number) => Err(format!("there is no column {number} among {width}")),
        Column::Name(name) if header.is_empty() => Err(format!(
            "without a header no column is called {name:?}; give its number"
        )),
        Column::Name(name) => (header.iter().position(|other| other == name))
            .ok_or_else(|| format!("there is no column {name:?} among {header:?}")),
    };
    columns.iter().map(number).collect()
}

/// What the parser says; a line of another length by its number.
fn in_words(error: ::csv::Error) -> String {
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, ::csv::Position::line);
            format!("line {line} has {len} fields where the lines before have {expected_len}")
        }
        _ => error.to_string(),
    }
}
