// A product without workgroup memory, for adapters that run shaders on the CPU: measured on lavapipe,
// its time follows the number of loads, and broadcasting a lane's value is cheap.
//
// A subgroup of LANES computes a block of ROWS × COLUMNS · LANES results in registers, over k in
// order; each lane has all rows of its COLUMNS columns. The lanes load different elements of the left
// operand and broadcast them to each other. Where an operand is contiguous along a dimension and
// aligned, it is bound as vec4s: then CHUNK steps of k are taken at a time, the rest one by one.
// Rows and columns beyond the edge are computed from the last ones and not stored.
//
// Few rows by a wide right operand: each row of that one is in other pages of memory, and looking those up
// takes longer than reading a block's share. Then a workgroup is several subgroups, which wait for one
// another, so that a page is looked up once for all of them.
//
// Rust unrolls the block into the marked slots; as it stands, a subgroup is one lane and a block one
// result, and nothing is broadcast.

//[header
struct Params { words: array<vec4<u32>, 4> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var<storage, read> b1: array<f32>;
@group(0) @binding(2) var<storage, read_write> b2: array<f32>;
const GROUP = 8u;
//]
//[tile
const LANES = 1u;
const ROWS = 1u;
const COLUMNS = 1u;
const RUN = 1u; // neighbouring columns of a lane
//]

const BAND = 8u;

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

// Where a block is, in blocks. BAND rows of blocks are visited column by column, so that what they
// read of the right operand is still in the cache for the next of them.
fn block_place(number: u32, across: u32, down: u32) -> vec2<u32> {
    let first = number / (across * BAND) * BAND;
    let rows = min(down - first, BAND);
    let inside = number % (across * BAND);
    return vec2(first + inside % rows, inside / rows);
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
    let across = word(3u); // blocks in a row of blocks
    let tiles = word(4u); // blocks in a product
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

    let mine = ((group.y * groups.x + group.x) * GROUP + local) / LANES;
    let last = word(9u) - 1u;
    let number = min(mine, last);
    let lane = local % LANES;
    let batch = number / tiles;
    let place = block_place(number % tiles, across, tiles / across);
    // A subgroup beyond the last block takes part in barriers and stores nothing.
    let row = select(m, place.x * ROWS, mine <= last);
    let column = place.y * COLUMNS * LANES + lane * RUN;
    //[operands
    let a = 0u;
    let b = 0u;
    //]

    //[start
    let a0 = a + min(row + lane, m - 1u) * a_row;
    let at0 = b + min(column, n - 1u) * b_column;
    var c0_0 = 0.0;
    //]
    var k = first;
    //[chunks
    //]
    for (; k < inner; k += 1u) {
        //[step
        c0_0 += b0[a0 + k * a_step] * b1[at0 + k * b_step];
        //]
    }

    //[finishes
    if row < m && column < n {
        finish(batch, row, column, c0_0);
    }
    //]
}
