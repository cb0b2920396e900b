// A product with blocks of both operands in workgroup memory.
//
// A workgroup computes a block of BLOCK × BLOCK results, DEPTH steps of k at a time: it copies those
// of both operands to workgroup memory as vec4s of rows and of columns, zeros beyond the edges, and each
// invocation, one of ACROSS in a row of them, adds their products to its tile in registers, over k in order.
// What is copied next is fetched into registers before that arithmetic, which hides the wait for it. A line of
// vec4s is one longer than the block, so that invocations that write down a column of lines do not meet in a
// bank. The copies walk along whichever dimension of an operand is contiguous, so that a transposed
// operand is read as well as any other, and in vec4s where it is aligned.
//
// Rust unrolls the tile and the copies into the marked slots; as it stands, a tile is 4 × 4.

//[header
struct Params { words: array<vec4<u32>, 4> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var<storage, read> b1: array<f32>;
@group(0) @binding(2) var<storage, read_write> b2: array<f32>;
const GROUP = 64u;
//]
//[tile
alias Acc = f32;
const BLOCK = 32u;
const DEPTH = 8u;
const ACROSS = 8u;
const UNROLL = 1u;
//]
const LINE = BLOCK / 4u + 1u;

var<workgroup> left: array<vec4<Acc>, LINE * DEPTH>;
var<workgroup> right: array<vec4<Acc>, LINE * DEPTH>;

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
    let a_by_rows = word(10u) != 0u; // rows lie next to each other
    let b_by_columns = word(11u) != 0u;

    let number = group.y * groups.x + group.x;
    if number >= word(9u) {
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
    let lane_row = local / ACROSS;
    let lane_column = local % ACROSS;

    //[start
    let line = local % (BLOCK / 4u);
    let step = local / (BLOCK / 4u);
    var left_next = vec4<Acc>();
    var right_next = vec4<Acc>();
    var t0_0 = vec4<Acc>();
    var t1_0 = vec4<Acc>();
    var t2_0 = vec4<Acc>();
    var t3_0 = vec4<Acc>();
    //]
    for (var next = first; ; next += DEPTH) {
        if next < inner {
            //[fetch
            for (var i = 0u; i < 4u; i += 1u) {
                let l = min(next + step, inner - 1u);
                let inside = next + step < inner;
                let r = block_row + line * 4u + i;
                let x = b0[a + l * a_step + min(r, m - 1u) * a_row];
                left_next[i] = select(0.0, x, inside && r < m);
                let c = block_column + line * 4u + i;
                let y = b1[b + l * b_step + min(c, n - 1u) * b_column];
                right_next[i] = select(0.0, y, inside && c < n);
            }
            //]
        }
        if next > first {
            for (var d = 0u; d < DEPTH; d += UNROLL) {
                //[steps
                let x = left[d * LINE + lane_row];
                let y = right[d * LINE + lane_column];
                t0_0 += x[0] * y;
                t1_0 += x[1] * y;
                t2_0 += x[2] * y;
                t3_0 += x[3] * y;
                //]
            }
        }
        if next >= inner {
            break;
        }
        workgroupBarrier();
        //[stage
        left[step * LINE + line] = left_next;
        right[step * LINE + line] = right_next;
        //]
        workgroupBarrier();
    }

    let row = block_row + lane_row * 4u;
    let column = block_column + lane_column * 4u;
    //[results
    let c0_0 = t0_0[0];
    //]
    //[finishes
    if row < m && column < n {
        finish(batch, row, column, c0_0);
    }
    //]
}
