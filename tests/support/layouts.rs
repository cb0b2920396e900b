//! The same values lying in memory in every way that an operand can.

use tilewise::{Device, Element, Result, Tensor, s};

/// A tensor and its elements in row-major order.
pub(crate) struct Laid<T> {
    pub(crate) name: &'static str,
    pub(crate) tensor: Tensor,
    pub(crate) values: Vec<T>,
}

/// Tensors of the values, or of some of them: contiguous, at an offset, stepped, flipped,
/// transposed, broadcast along each axis, empty, and of rank 0. Needs at least two values.
pub(crate) fn laid<T: Element>(device: &Device, values: &[T]) -> Result<Vec<Laid<T>>> {
    let n = values.len();
    let upload = |values: &[T], shape: &[usize]| Tensor::from_slice(values, shape, device);
    let mut all = Vec::new();
    let mut add = |name, tensor, values: Vec<T>| {
        all.push(Laid {
            name,
            tensor,
            values,
        })
    };

    add("contiguous", upload(values, &[n])?, values.to_vec());
    add(
        "offset",
        upload(values, &[n])?.slice(s![1..])?,
        values[1..].to_vec(),
    );
    let doubled: Vec<T> = values.iter().flat_map(|&v| [v, values[n - 1]]).collect();
    add(
        "stepped",
        upload(&doubled, &[2 * n])?.slice(s![..;2])?,
        values.to_vec(),
    );
    let reversed: Vec<T> = values.iter().rev().copied().collect();
    add(
        "flipped",
        upload(&reversed, &[n])?.flip(0)?,
        values.to_vec(),
    );

    // Three columns, stored column by column.
    let rows = n.div_ceil(3);
    let table: Vec<T> = (0..3 * rows).map(|i| values[i % n]).collect();
    let by_columns: Vec<T> = (0..3 * rows)
        .map(|i| table[i % rows * 3 + i / rows])
        .collect();
    add("transposed", upload(&by_columns, &[3, rows])?.t(), table);

    let few = &values[..n.min(5)];
    let row = upload(few, &[few.len()])?;
    add("rows", row.broadcast_to([4, few.len()])?, few.repeat(4));
    let columns = row.unsqueeze(1)?.broadcast_to([2, few.len(), 3])?;
    let stretched: Vec<T> = few.iter().flat_map(|&v| [v; 3]).collect();
    add("columns", columns, stretched.repeat(2));
    add("empty", upload(&[], &[2, 0, 3])?, vec![]);
    add(
        "rank 0",
        upload(&values[n / 2..n / 2 + 1], &[])?,
        vec![values[n / 2]],
    );
    Ok(all)
}
