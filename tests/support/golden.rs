//! Reads the reference values in `tests/golden` (the format is described in `fixture.py` there).

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::path::Path;
use std::str::FromStr;

use tilewise::{Device, Dim, Result, SliceSpec, Tensor};

/// One file of reference values: its cases, in order.
pub(crate) struct Golden {
    file: String,
    cases: Vec<Case>,
}

/// A named case: strings, arrays and blocks of text by key.
pub(crate) struct Case {
    pub(crate) name: String,
    texts: HashMap<String, String>,
    arrays: HashMap<String, Array>,
}

/// An array in row-major order, as text until it is asked for in a type.
pub(crate) struct Array {
    /// `f32`, `f64`, `i32`, `u32` or `bool`: what the values were, or fit.
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    words: Vec<String>,
}

impl Golden {
    /// Reads `tests/golden/<file>`; panics with the line where the file is malformed.
    pub(crate) fn read(file: &str) -> Golden {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(file);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Golden::parse(file, &text)
    }

    fn parse(file: &str, text: &str) -> Golden {
        let mut cases: Vec<Case> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = || format!("{file}:{}", number + 1);
            let (key, rest) = line
                .split_once(' ')
                .unwrap_or_else(|| panic!("{}: no key", place()));
            if key == "case" {
                cases.push(Case {
                    name: rest.to_owned(),
                    texts: HashMap::new(),
                    arrays: HashMap::new(),
                });
                continue;
            }
            let case = cases
                .last_mut()
                .unwrap_or_else(|| panic!("{}: before the first case", place()));
            let (kind, value) = rest.split_once(' ').unwrap_or((rest, ""));
            match kind {
                "=" => {
                    case.texts.insert(key.to_owned(), value.to_owned());
                }
                "|" => match case.texts.get_mut(key) {
                    Some(block) => {
                        block.push('\n');
                        block.push_str(value);
                    }
                    None => {
                        case.texts.insert(key.to_owned(), value.to_owned());
                    }
                },
                ":" => {
                    let array =
                        Array::parse(value).unwrap_or_else(|| panic!("{}: not an array", place()));
                    case.arrays.insert(key.to_owned(), array);
                }
                _ => panic!("{}: expected `=`, `:` or `|` after the key", place()),
            }
        }
        Golden {
            file: file.to_owned(),
            cases,
        }
    }

    /// All cases, in the file's order.
    pub(crate) fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The case of this name; panics if there is none.
    pub(crate) fn case(&self, name: &str) -> &Case {
        let found = self.cases.iter().find(|case| case.name == name);
        found.unwrap_or_else(|| panic!("{} has no case `{name}`", self.file))
    }
}

impl Case {
    /// The text under `key`, where the case has one.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// The parameters `p.…` of a layer, under the names that PyTorch gives them.
    pub(crate) fn state(&self, dev: &Device) -> Result<Vec<(String, Tensor)>> {
        let names = self.keys().filter_map(|key| key.strip_prefix("p."));
        let tensor = |name: &str| self.array(&format!("p.{name}")).tensor(dev);
        names.map(|name| Ok((name.into(), tensor(name)?))).collect()
    }

    /// Asserts that values of order 1 are off those under `key` by no more than `bound`, of them or of 1.
    #[track_caller]
    pub(crate) fn assert_close(&self, key: &str, got: &Tensor, bound: f64) -> Result<()> {
        let want = self.array(key);
        assert_eq!(got.shape(), want.shape, "{}, {key}", self.name);
        let want: Vec<f64> = want.values();
        for (got, want) in got.to_vec::<f64>()?.into_iter().zip(want) {
            let off = (got - want).abs();
            let near = off <= bound * want.abs().max(1.0);
            assert!(near, "{}, {key}: {got}, not {want}", self.name);
        }
        Ok(())
    }

    /// The text under `key`, parsed (a flag is 0 or 1: ask for `u8`).
    pub(crate) fn value<T: FromStr<Err: Debug>>(&self, key: &str) -> T {
        let text = self
            .text(key)
            .unwrap_or_else(|| panic!("case `{}` has no `{key}`", self.name));
        text.parse()
            .unwrap_or_else(|e| panic!("case `{}`, {key} = {text}: {e:?}", self.name))
    }

    /// A list such as `[0,-1]` under `key`; `None` where the text is not a list (`all`).
    pub(crate) fn list<T: FromStr<Err: Debug>>(&self, key: &str) -> Option<Vec<T>> {
        list(self.text(key)?)
    }

    /// All keys, in the order of the alphabet.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let keys: BTreeSet<&str> = self
            .texts
            .keys()
            .chain(self.arrays.keys())
            .map(String::as_str)
            .collect();
        keys.into_iter()
    }

    /// The array under `key`; panics if the case has none.
    pub(crate) fn array(&self, key: &str) -> &Array {
        self.arrays
            .get(key)
            .unwrap_or_else(|| panic!("case `{}` has no array `{key}`", self.name))
    }

    /// The array under `key`, where the case has one.
    pub(crate) fn try_array(&self, key: &str) -> Option<&Array> {
        self.arrays.get(key)
    }
}

impl Array {
    fn parse(text: &str) -> Option<Array> {
        let mut words = text.split_ascii_whitespace();
        let dtype = words.next()?.to_owned();
        let shape: Vec<usize> = list(words.next()?)?;
        let words: Vec<String> = words.map(str::to_owned).collect();
        (words.len() == shape.iter().product::<usize>()).then_some(Array {
            dtype,
            shape,
            words,
        })
    }

    /// The values as `T`. f32 from an f32 or f64 array rounds once; ask for bools as `u8` or by [`Array::bools`].
    pub(crate) fn values<T: FromStr<Err: Debug>>(&self) -> Vec<T> {
        let parse = |word: &String| word.parse().unwrap_or_else(|e| panic!("`{word}`: {e:?}"));
        self.words.iter().map(parse).collect()
    }

    /// The values of a bool array.
    /// The array as a tensor of its dtype (`f64` as `f32`).
    pub(crate) fn tensor(&self, device: &Device) -> Result<Tensor> {
        let shape = self.shape.as_slice();
        match self.dtype.as_str() {
            "i32" => Tensor::from_slice(&self.values::<i32>(), shape, device),
            "u32" => Tensor::from_slice(&self.values::<u32>(), shape, device),
            "bool" => Tensor::from_slice(&self.bools(), shape, device),
            _ => Tensor::from_slice(&self.values::<f32>(), shape, device),
        }
    }

    /// The same tensor with its elements apart and backwards in memory.
    pub(crate) fn strided(&self, device: &Device) -> Result<Tensor> {
        let mut tensor = self.tensor(device)?;
        for axis in 0..tensor.ndim() as isize {
            let reversed = tensor.flip(axis)?;
            let doubled = Tensor::stack(&[&reversed, &reversed.zeros_like()], axis + 1)?;
            let mut shape = tensor.shape().to_vec();
            shape[axis as usize] *= 2;
            let mut whole = vec![Dim::Range(None, None, 1); axis as usize];
            whole.push(Dim::Range(Some(-2), None, -2));
            tensor = doubled.reshape(shape)?.slice(SliceSpec(whole))?;
        }
        Ok(tensor)
    }

    /// Panics unless a tensor has this shape and, exactly, these values; NaN equals NaN.
    #[track_caller]
    pub(crate) fn assert_is(&self, what: &str, tensor: &Tensor) {
        assert_eq!(tensor.shape(), self.shape, "{what}");
        let got: Vec<f64> = tensor.to_vec().unwrap_or_else(|e| panic!("{what}: {e}"));
        let want: Vec<f64> = match self.dtype.as_str() {
            "bool" => self.bools().into_iter().map(f64::from).collect(),
            _ => self.values(),
        };
        let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
        assert!(
            got.iter().zip(&want).all(same),
            "{what}: {got:?}, not {want:?}"
        );
    }

    pub(crate) fn bools(&self) -> Vec<bool> {
        self.words.iter().map(|word| word == "1").collect()
    }
}

fn list<T: FromStr<Err: Debug>>(text: &str) -> Option<Vec<T>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let parse = |word: &str| word.parse().unwrap_or_else(|e| panic!("`{text}`: {e:?}"));
    Some(
        inner
            .split(',')
            .filter(|word| !word.is_empty())
            .map(parse)
            .collect(),
    )
}

tests![format, files];

fn format() {
    let text = "# note\n\ncase a b [1]\nkey = some text\nx : f32 [2,2] 1.5 -0.0 nan inf\n\
                e : i32 [0,3]\ns : bool [] 1\np | one\np |\np |  two\ncase c\naxes = [0,-1]\nall = all\n";
    let golden = Golden::parse("inline", text);
    let case = golden.case("a b [1]");
    assert_eq!(case.text("key"), Some("some text"));
    let x = case.array("x");
    assert_eq!((x.dtype.as_str(), x.shape.as_slice()), ("f32", &[2, 2][..]));
    let values: Vec<f32> = x.values();
    assert!(
        values[0] == 1.5
            && values[1].is_sign_negative()
            && values[2].is_nan()
            && values[3] == f32::INFINITY
    );
    assert!(case.array("e").values::<i32>().is_empty());
    assert_eq!(
        (case.array("s").shape.len(), case.array("s").bools()),
        (0, vec![true])
    );
    assert_eq!(case.text("p"), Some("one\n\n two"));
    assert_eq!(golden.case("c").list::<isize>("axes"), Some(vec![0, -1]));
    assert_eq!(golden.case("c").list::<isize>("all"), None);
    assert!(case.try_array("axes").is_none());
}

/// Every committed file is well formed, and its numbers read in the dtype they are said to have.
fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("tests/golden is there") {
        let name = entry
            .expect("a readable entry")
            .file_name()
            .into_string()
            .expect("an ASCII name");
        if !name.ends_with(".txt") {
            continue;
        }
        seen += 1;
        let golden = Golden::read(&name);
        assert!(!golden.cases().is_empty(), "{name} has no case");
        for case in golden.cases() {
            for (key, array) in &case.arrays {
                match array.dtype.as_str() {
                    "f64" => drop(array.values::<f64>()),
                    "i32" => drop(array.values::<i32>()),
                    "u32" => drop(array.values::<u32>()),
                    "bool" => assert!(
                        array.words.iter().all(|w| w == "0" || w == "1"),
                        "{name}, {}, {key}",
                        case.name
                    ),
                    // `==` on bits, so that NaN and -0 count: the text is the exact f32.
                    "f32" => {
                        for (wide, narrow) in
                            array.values::<f64>().iter().zip(array.values::<f32>())
                        {
                            let same = (narrow as f64).to_bits() == wide.to_bits() || wide.is_nan();
                            assert!(same, "{name}, {}, {key}: {wide} is not an f32", case.name);
                        }
                    }
                    other => panic!("{name}, {}, {key}: dtype {other}", case.name),
                }
            }
        }
    }
    assert!(seen > 11, "{seen} files");
}
