// A product of f16 matrices by fragments that the lanes of a subgroup hold together, with sums in f32.
//
// A workgroup of 2 × 2 subgroups computes a block of BLOCK × BLOCK results, DEPTH steps of k at a time. As in
// the kernel with tiles in registers, it copies the steps of both operands to workgroup memory, zeros beyond
// the edges, and fetches the next ones before the arithmetic. Lines are padded so that the rows of a fragment
// begin in different banks. A fragment of results goes through a patch of workgroup memory, where each lane
// finds elements with a row and a column.
//
// wgpu asks for what is stored, pointers and strides to be bound by `let`, and for control flow that it can see to be the
// same in a workgroup: conditions before a cooperative operation read `params` themselves.
//
// Rust unrolls the fragments and the copies into the marked slots; as it stands, a block is one fragment.

//[header
enable f16;
enable wgpu_cooperative_matrix;
struct Params { words: array<vec4<u32>, 4> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<f16>;
@group(0) @binding(1) var<storage, read> b1: array<f16>;
@group(0) @binding(2) var<storage, read_write> b2: array<f16>;
const GROUP = 32u;
//]
//[tile
const SIZE = 16u; // rows and columns of a fragment
const PART = 16u; // those of a subgroup's part
const BLOCK = 16u;
const DEPTH = 16u;
const LANES = 32u;
const ACROSS = 1u; // subgroups in a row of the block
//]
const LEFT_LINE = DEPTH + 8u;
const RIGHT_LINE = BLOCK + 8u;

var<workgroup> left: array<f16, LEFT_LINE * BLOCK>;
var<workgroup> right: array<f16, RIGHT_LINE * DEPTH>;
var<workgroup> patches: array<f32, SIZE * SIZE * GROUP / LANES>;

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
    b2[(batch * word(0u) + row) * word(1u) + column] = f16(core);
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
    let a_by_rows = word(10u) != 0u; // rows lie next to each other
    let b_by_columns = word(11u) != 0u;

    let number = group.y * groups.x + group.x;
    if number >= params.words[2][1] {
        return;
    }
    let batch = number / tiles;
    let place = block_place(number % tiles, across, tiles / across);
    let block_row = place.x * BLOCK;
    let block_column = place.y * BLOCK;
    //[operands
    let a = 0u;
    let b = 0u;
    //]
    let lane = local % LANES;
    let part_row = local / LANES / ACROSS * PART;
    let part_column = local / LANES % ACROSS * PART;
    let patch_start = local / LANES * SIZE * SIZE;
    let left_stride = LEFT_LINE;
    let right_stride = RIGHT_LINE;
    let patch_stride = SIZE;

    // The sums start as a patch of zeros.
    for (var e = lane; e < SIZE * SIZE; e += LANES) {
        patches[patch_start + e] = 0.0;
    }
    workgroupBarrier();
    let patch_at = &patches[patch_start];
    //[start
    var c0_0 = coopLoadT<coop_mat16x16<f32, C>>(patch_at, patch_stride);
    //]
    var next = first;
    //[fetch
    //]
    for (; next < inner; ) {
        //[stage
        for (var e = local; e < BLOCK * DEPTH; e += GROUP) {
            let l = next + e % DEPTH;
            let r = block_row + e / DEPTH;
            let x = b0[a + min(l, inner - 1u) * a_step + min(r, m - 1u) * a_row];
            left[e / DEPTH * LEFT_LINE + e % DEPTH] = select(0.0h, x, (l < inner) & (r < m));
            let c = block_column + e / DEPTH;
            let y = b1[b + min(l, inner - 1u) * b_step + min(c, n - 1u) * b_column];
            right[e % DEPTH * RIGHT_LINE + e / DEPTH] = select(0.0h, y, (l < inner) & (c < n));
        }
        //]
        workgroupBarrier();
        next += DEPTH;
        if next < inner {
            //[fetch
            //]
        }
        //[steps
        let left_at = &left[part_row * LEFT_LINE];
        let right_at = &right[part_column];
        let x = coopLoadT<coop_mat16x16<f16, A>>(left_at, left_stride);
        let y = coopLoadT<coop_mat16x16<f16, B>>(right_at, right_stride);
        c0_0 = coopMultiplyAdd(x, y, c0_0);
        //]
        workgroupBarrier();
    }

    let row = block_row + part_row;
    let column = block_column + part_column;
    //[finishes
    let fragment = c0_0;
    coopStoreT(fragment, patch_at, patch_stride);
    workgroupBarrier();
    for (var e = lane; e < SIZE * SIZE; e += LANES) {
        if row + e / SIZE < m && column + e % SIZE < n {
            finish(batch, row + e / SIZE, column + e % SIZE, patches[patch_start + e]);
        }
    }
    //]
}
