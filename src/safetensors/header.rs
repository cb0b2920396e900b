//! The header of a safetensors file: its length, and a JSON object of what lies where.

use std::collections::BTreeMap;
use std::io::Read;

use safetensors::tensor::{Dtype, TensorInfo};
use serde_json::Value;

#[cfg(not(target_arch = "wasm32"))]
use crate::dtype::DType;
use crate::numbers::{Number, Words};
#[cfg(not(target_arch = "wasm32"))]
use crate::tensor::Tensor;

/// The longest header that is read, as in the format's own reader.
const LONGEST: u64 = 100_000_000;
/// Where the words about the file stand among the tensors.
const METADATA: &str = "__metadata__";

/// What a header says, which is known to be true of the file's length.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, String>,
    /// In the order in which they lie in the file.
    pub(super) tensors: Vec<(String, TensorInfo)>,
    /// Where the values start.
    pub(super) start: u64,
}

impl Header {
    /// Reads the header of a file of so many bytes.
    pub(super) fn read(reader: &mut impl Read, length: u64) -> Words<Self> {
        let words = |error: std::io::Error| error.to_string();
        if length < 8 {
            return Err(format!(
                "this is no safetensors file: it is {length} bytes long"
            ));
        }
        let mut size = [0; 8];
        reader.read_exact(&mut size).map_err(words)?;
        let size = u64::from_le_bytes(size);
        if size > length - 8 {
            return Err(format!(
                "the file is cut off, or no safetensors file: a header of {size} bytes is promised, {} are there",
                length - 8
            ));
        }
        if size > LONGEST {
            return Err(format!("a header of {size} bytes is too long"));
        }
        let mut text = vec![0; size as usize];
        reader.read_exact(&mut text).map_err(words)?;
        let entries: BTreeMap<String, Value> = serde_json::from_slice(&text)
            .map_err(|error| format!("this is no safetensors file: its header is {error}"))?;
        let mut metadata = BTreeMap::new();
        let mut tensors = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            if name == METADATA {
                metadata = serde_json::from_value(value)
                    .map_err(|error| format!("{METADATA} does not hold words alone: {error}"))?;
                continue;
            }
            let info: TensorInfo = serde_json::from_value(value)
                .map_err(|error| format!("tensor {name:?}: {error}"))?;
            tensors.push((name, info));
        }
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let end = check(&tensors)?;
        let there = length - 8 - size;
        if end as u64 != there {
            let what = if (end as u64) < there {
                "longer than its header says"
            } else {
                "cut off"
            };
            return Err(format!(
                "the file is {what}: its tensors take {end} bytes, {there} are there"
            ));
        }
        Ok(Self {
            metadata,
            tensors,
            start: 8 + size,
        })
    }
}

/// Whether each tensor has the bytes that its shape needs, and they lie one after the other without a hole;
/// gives their number.
fn check(tensors: &[(String, TensorInfo)]) -> Words<usize> {
    let mut end = 0;
    for (name, info) in tensors {
        let TensorInfo {
            dtype,
            shape,
            data_offsets: (first, last),
        } = info;
        // Also without its empty axes, so that no product of sizes overflows.
        let countable = shape
            .iter()
            .try_fold(dtype.bitsize(), |bits, &n| bits.checked_mul(n.max(1)))
            .is_some_and(|bits| isize::try_from(bits).is_ok());
        if !countable {
            return Err(format!(
                "tensor {name:?}: shape {shape:?} has more elements than can be counted"
            ));
        }
        let bits = shape.iter().product::<usize>() * dtype.bitsize();
        if first > last || (last - first).checked_mul(8) != Some(bits) {
            return Err(format!(
                "tensor {name:?}: shape {shape:?} of {dtype} does not fill bytes {first} to {last}"
            ));
        }
        if *first != end {
            return Err(format!(
                "tensor {name:?} starts at byte {first}, where {end} is free; tensors may neither overlap nor \
                 leave a hole"
            ));
        }
        end = *last;
    }
    Ok(end)
}

/// How numbers of a type are read.
pub(super) fn number(dtype: Dtype) -> Words<Number> {
    Ok(match dtype {
        Dtype::BOOL => Number::Bool,
        Dtype::U8 => Number::U8,
        Dtype::U16 => Number::U16,
        Dtype::U32 => Number::U32,
        Dtype::U64 => Number::U64,
        Dtype::I8 => Number::I8,
        Dtype::I16 => Number::I16,
        Dtype::I32 => Number::I32,
        Dtype::I64 => Number::I64,
        Dtype::F16 => Number::F16,
        Dtype::BF16 => Number::Bf16,
        Dtype::F32 => Number::F32,
        Dtype::F64 => Number::F64,
        other => return Err(format!("elements of type {other} are not read")),
    })
}

/// The start of a file, up to where the values start, and the order in which the tensors follow. As the format
/// has it, those of larger elements come first, so that all are aligned, and then they go by name.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn write(
    tensors: &[(String, Tensor)],
    metadata: &[(&str, &str)],
) -> Words<(Vec<u8>, Vec<usize>)> {
    let mut words = BTreeMap::new();
    for (key, value) in metadata {
        if words.insert(key, value).is_some() {
            return Err(format!("the metadata {key:?} is given twice"));
        }
    }
    let dtype = |tensor: &Tensor| match tensor.dtype() {
        DType::Bool => Dtype::BOOL,
        DType::U32 => Dtype::U32,
        DType::I32 => Dtype::I32,
        DType::F16 => Dtype::F16,
        DType::F32 => Dtype::F32,
    };
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    order.sort_by(|&a, &b| {
        let ((left, a), (right, b)) = (&tensors[a], &tensors[b]);
        dtype(b).cmp(&dtype(a)).then_with(|| left.cmp(right))
    });
    let json = |error: serde_json::Error| error.to_string();
    let mut entries = Vec::with_capacity(tensors.len() + 1);
    if !words.is_empty() {
        let words = serde_json::to_string(&words).map_err(json)?;
        entries.push(format!("\"{METADATA}\":{words}"));
    }
    let mut names = std::collections::HashSet::new();
    let mut end = 0;
    for &at in &order {
        let (name, tensor) = &tensors[at];
        if !names.insert(name) {
            return Err(format!("a tensor {name:?} is given twice"));
        }
        if name == METADATA {
            return Err(format!("no tensor can be called {METADATA}"));
        }
        let dtype = dtype(tensor);
        let start = end;
        end += tensor.size() * dtype.bitsize() / 8;
        let info = TensorInfo {
            dtype,
            shape: tensor.shape().to_vec(),
            data_offsets: (start, end),
        };
        let name = serde_json::to_string(name).map_err(json)?;
        let info = serde_json::to_string(&info).map_err(json)?;
        entries.push(format!("{name}:{info}"));
    }
    // Values start at a multiple of 8.
    let mut text = format!("{{{}}}", entries.join(","));
    let size = text.len().next_multiple_of(8);
    if size as u64 > LONGEST {
        return Err(format!(
            "names and metadata take {size} bytes, at most {LONGEST} are possible"
        ));
    }
    text.extend(std::iter::repeat_n(' ', size - text.len()));
    let mut start = (size as u64).to_le_bytes().to_vec();
    start.extend(text.into_bytes());
    Ok((start, order))
}
