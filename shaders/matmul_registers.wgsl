// A product without workgroup memory, for adapters that run shaders on the CPU, where a barrier and a
// copy to workgroup memory cost more than the caches they stand in for.
//
// Each invocation computes a tile of ROWS × COLUMNS results in registers, over k in order. Rows and
// columns beyond the edge are computed from the last ones and not stored. Operands have any strides.
//
// Rust unrolls the tile into the marked slots; as it stands, a tile is one result.

//[header
struct Params { words: array<vec4<u32>, 4> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var<storage, read> b1: array<f32>;
@group(0) @binding(2) var<storage, read_write> b2: array<f32>;
const GROUP = 64u;
//]
//[tile
const ROWS = 1u;
const COLUMNS = 1u;
//]

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

//[finish
fn finish(batch: u32, row: u32, column: u32, core: f32) {
    b2[(batch * word(0u) + row) * word(1u) + column] = core;
}
//]

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let m = word(0u);
    let n = word(1u);
    let across = word(3u); // tiles in a row of tiles
    let tiles = word(4u); // tiles in a product
    let a_row = word(5u);
    let a_step = word(6u);
    let b_step = word(7u);
    let b_column = word(8u);
    //[slice
    let first = 0u;
    let inner = word(2u);
    //]
    //[planes
    //]

    let number = (group.y * groups.x + group.x) * GROUP + local;
    if number >= word(9u) {
        return;
    }
    let batch = number / tiles;
    let row = number % tiles / across * ROWS;
    let column = number % tiles % across * COLUMNS;
    //[operands
    let a = 0u;
    let b = 0u;
    //]

    //[start
    let a0 = a + min(row, m - 1u) * a_row;
    let b0_ = b + min(column, n - 1u) * b_column;
    var c0_0 = 0.0;
    //]
    for (var k = first; k < inner; k += 1u) {
        //[step
        c0_0 += b0[a0 + k * a_step] * b1[b0_ + k * b_step];
        //]
    }

    //[finishes
    if row < m && column < n {
        finish(batch, row, column, c0_0);
    }
    //]
}
