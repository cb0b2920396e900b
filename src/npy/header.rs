//! The header of the npy format: a magic word, a version, and a Python dictionary.

use std::io::Read;

use crate::numbers::{Number, Words};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The longest header that is read; those of arrays of numbers are 128 bytes long.
const LONGEST: usize = 1 << 16;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// As it stands in the file.
    pub(super) descr: String,
    pub(super) number: Number,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    /// Its bytes are known not to overflow.
    pub(super) shape: Vec<usize>,
}

impl Header {
    /// Reads a header, up to where the values start.
    pub(super) fn read(reader: &mut impl Read) -> Words<Self> {
        let short = |_| "the file ends within the header of the npy format".to_string();
        let mut start = [0; 8];
        reader.read_exact(&mut start).map_err(short)?;
        if start[..6] != *MAGIC {
            return Err("this is no npy file: it does not start with \\x93NUMPY".into());
        }
        let mut length = [0; 4];
        let bytes = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(format!("version {version} of the npy format is not known")),
        };
        reader.read_exact(&mut length[..bytes]).map_err(short)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(format!("a header of {length} bytes is too long"));
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text).map_err(short)?;
        let text = String::from_utf8(text).map_err(|_| "the header is no text".to_string())?;
        Self::parse(&text).map_err(|message| format!("{message}, in the header {}", text.trim()))
    }

    /// Of `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
    fn parse(text: &str) -> Words<Self> {
        let mut rest = Cursor(text);
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        rest.expect("{")?;
        while !rest.take("}") {
            let key = rest.string()?;
            rest.expect(":")?;
            match key {
                "descr" => {
                    descr = Some(
                        rest.string()
                            .map_err(|_| "structured arrays are not read")?,
                    )
                }
                "fortran_order" => fortran = Some(rest.bool()?),
                "shape" => shape = Some(rest.tuple()?),
                key => return Err(format!("the key {key:?} is not known")),
            }
            if !rest.take(",") && !rest.0.trim_start().starts_with('}') {
                return Err("a comma is missing".into());
            }
        }
        match (descr, fortran, shape) {
            (Some(descr), Some(fortran), Some(shape)) => Self::new(descr, fortran, shape),
            _ => Err("descr, fortran_order or shape is missing".into()),
        }
    }

    fn new(descr: &str, fortran: bool, shape: Vec<usize>) -> Words<Self> {
        let unknown =
            || format!("elements of type {descr:?} are not numbers or bools that are read");
        let [order, kind, size @ ..] = descr.as_bytes() else {
            return Err(unknown());
        };
        let big_endian = match order {
            b'<' | b'|' => false,
            b'>' => true,
            b'=' => cfg!(target_endian = "big"),
            _ => return Err(unknown()),
        };
        let number = match (kind, size) {
            (b'b', b"1") => Number::Bool,
            (b'u', b"1") => Number::U8,
            (b'u', b"2") => Number::U16,
            (b'u', b"4") => Number::U32,
            (b'u', b"8") => Number::U64,
            (b'i', b"1") => Number::I8,
            (b'i', b"2") => Number::I16,
            (b'i', b"4") => Number::I32,
            (b'i', b"8") => Number::I64,
            (b'f', b"2") => Number::F16,
            (b'f', b"4") => Number::F32,
            (b'f', b"8") => Number::F64,
            _ => return Err(unknown()),
        };
        // Also without its empty axes, so that no product of sizes overflows.
        let bytes = shape
            .iter()
            .try_fold(number.size(), |bytes: usize, &n| {
                bytes.checked_mul(n.max(1))
            })
            .filter(|&bytes| isize::try_from(bytes).is_ok());
        if bytes.is_none() {
            return Err(format!(
                "shape {shape:?} has more elements than can be counted"
            ));
        }
        Ok(Self {
            descr: descr.into(),
            number,
            big_endian,
            fortran,
            shape,
        })
    }

    /// Bytes of all values.
    pub(super) fn bytes(&self) -> u64 {
        self.shape.iter().product::<usize>() as u64 * self.number.size() as u64
    }

    /// The header of an array in C order, padded so that the values start at a multiple of 64.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn write(descr: &str, shape: &[usize]) -> Vec<u8> {
        let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
        let comma = if shape.len() == 1 { "," } else { "" };
        let text = format!(
            "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}",
            sizes.join(", ")
        );
        // Magic, version, length, and the newline at the end.
        let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((length as u16).to_le_bytes());
        bytes.extend(format!("{text:<0$}\n", length - 1).bytes());
        bytes
    }
}

/// What is left of a text.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// Steps over a token, if it comes next.
    fn take(&mut self, token: &str) -> bool {
        match self.0.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Words<()> {
        match self.take(token) {
            true => Ok(()),
            false => Err(format!("{token:?} is missing")),
        }
    }

    fn string(&mut self) -> Words<&'a str> {
        let quote = if self.take("'") { '\'' } else { '"' };
        if quote == '"' {
            self.expect("\"")?;
        }
        let (text, rest) = self.0.split_once(quote).ok_or("a text does not end")?;
        self.0 = rest;
        Ok(text)
    }

    fn bool(&mut self) -> Words<bool> {
        match (self.take("True"), self.take("False")) {
            (true, false) => Ok(true),
            (false, true) => Ok(false),
            _ => Err("fortran_order is neither True nor False".into()),
        }
    }

    fn tuple(&mut self) -> Words<Vec<usize>> {
        let mut sizes = Vec::new();
        self.expect("(")?;
        while !self.take(")") {
            let text = self.0.trim_start();
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let size = text[..digits].parse();
            sizes.push(size.map_err(|_| "a size of the shape is no number or too large")?);
            self.0 = &text[digits..];
            self.take("L"); // of Python 2
            if !self.take(",") && !self.0.trim_start().starts_with(')') {
                return Err("a comma is missing in the shape".into());
            }
        }
        Ok(sizes)
    }
}
