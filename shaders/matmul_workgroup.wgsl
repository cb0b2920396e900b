// A product with blocks of both operands in workgroup memory.
//
// A workgroup computes a block of BM × BN results, DEPTH steps of k at a time: it copies BM × DEPTH of
// the left and DEPTH × BN of the right operand to workgroup memory, zeros beyond the edges, and each
// invocation adds their products to its tile of ROWS × COLUMNS results in registers, over k in order.
// The copies walk along whichever dimension of an operand is contiguous, so that a transposed operand
// is read as well as any other.
//
// Rust unrolls the tile into the marked slots; as it stands, a tile is one result.

//[header
struct Params { words: array<vec4<u32>, 4> }
@group(0) @binding(0) var<uniform> params: Params;
@group(1) @binding(0) var<storage, read> b0: array<f32>;
@group(1) @binding(1) var<storage, read> b1: array<f32>;
@group(1) @binding(2) var<storage, read_write> b2: array<f32>;
const GROUP = 64u;
//]
//[tile
alias Acc = f32;
const ROWS = 1u;
const COLUMNS = 1u;
const BM = 8u;
const BN = 8u;
const DEPTH = 8u;
//]

var<workgroup> left: array<Acc, BM * DEPTH>;
var<workgroup> right: array<Acc, BN * DEPTH>;

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

//[finish
fn finish(i: u32, core: f32) {
    b2[i] = core;
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
    let inner = word(2u);
    let across = word(3u); // blocks in a row of blocks
    let tiles = word(4u); // blocks in a product
    let a_row = word(5u);
    let a_step = word(6u);
    let b_step = word(7u);
    let b_column = word(8u);
    let a_by_rows = word(10u) != 0u; // rows lie next to each other
    let b_by_columns = word(11u) != 0u;

    let number = group.y * groups.x + group.x;
    if number >= word(9u) {
        return;
    }
    let batch = number / tiles;
    let block_row = number % tiles / across * BM;
    let block_column = number % tiles % across * BN;
    //[operands
    let a = 0u;
    let b = 0u;
    //]
    let lane_row = local / (BN / COLUMNS) * ROWS;
    let lane_column = local % (BN / COLUMNS) * COLUMNS;

    //[start
    var c0_0 = 0.0;
    //]
    for (var base = 0u; base < inner; base += DEPTH) {
        for (var e = local; e < BM * DEPTH; e += GROUP) {
            let r = select(e / DEPTH, e % BM, a_by_rows);
            let d = select(e % DEPTH, e / BM, a_by_rows);
            let inside = block_row + r < m && base + d < inner;
            let place = a + min(block_row + r, m - 1u) * a_row + min(base + d, inner - 1u) * a_step;
            //[left
            left[d * BM + r] = select(0.0, b0[place], inside);
            //]
        }
        for (var e = local; e < BN * DEPTH; e += GROUP) {
            let c = select(e / DEPTH, e % BN, b_by_columns);
            let d = select(e % DEPTH, e / BN, b_by_columns);
            let inside = block_column + c < n && base + d < inner;
            let place = b + min(base + d, inner - 1u) * b_step + min(block_column + c, n - 1u) * b_column;
            //[right
            right[d * BN + c] = select(0.0, b1[place], inside);
            //]
        }
        workgroupBarrier();
        for (var d = 0u; d < DEPTH; d += 1u) {
            //[step
            c0_0 += left[d * BM + lane_row] * right[d * BN + lane_column];
            //]
        }
        workgroupBarrier();
    }

    let row = block_row + lane_row;
    let column = block_column + lane_column;
    let first = (batch * m + row) * n + column;
    //[finishes
    if row < m && column < n {
        finish(first, c0_0);
    }
    //]
}
