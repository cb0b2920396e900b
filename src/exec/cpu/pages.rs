//! Large stretches of host memory.
//!
//! The system maps memory when it is first touched, page by page, which takes longer than to fill it.
//! Where it has large pages, it is asked for them, and what is copied is touched by all threads.

use super::tasks;

/// Bytes from which memory is worth large pages; they have 2 MiB where they exist.
const LARGE: usize = 4 << 20;
/// Words that a task copies: as many as make touching them worth a thread.
const SHARE: usize = 1 << 18;

/// Empty memory for that many values.
pub(crate) fn reserve<T>(count: usize) -> Result<Vec<T>, std::collections::TryReserveError> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(count)?;
    if size_of::<T>() * count >= LARGE {
        ask_for_large_pages(&mut memory);
    }
    Ok(memory)
}

/// A copy of words in memory of its own.
pub(super) fn copy(words: &[u32]) -> Vec<u32> {
    let Ok(mut copy) = reserve(words.len()) else {
        // As `to_vec`, which ends the program.
        return words.to_vec();
    };
    let target = &mut copy.spare_capacity_mut()[..words.len()];
    let tasks = target.chunks_mut(SHARE).zip(words.chunks(SHARE));
    tasks::each(tasks, |(target, words)| {
        for (place, &word) in target.iter_mut().zip(words) {
            place.write(word);
        }
    });
    // SAFETY: the chunks of both are of the same lengths, so that each word below that length has
    // been written.
    unsafe { copy.set_len(words.len()) };
    copy
}

/// Asks the system to map the memory in large pages; a wish that it may leave unheard.
fn ask_for_large_pages<T>(memory: &mut Vec<T>) {
    #[cfg(target_os = "linux")]
    {
        /// The advice is given for whole small pages, of which no processor has larger ones.
        const PAGE: usize = 1 << 16;
        let spare = memory.spare_capacity_mut();
        let first = spare.as_ptr().cast::<u8>().align_offset(PAGE);
        let bytes = size_of_val(spare).saturating_sub(first) / PAGE * PAGE;
        if bytes > 0 {
            let start = spare.as_mut_ptr().cast::<u8>().wrapping_add(first);
            // SAFETY: the range lies in memory that is ours alone; the advice changes how it is
            // mapped and nothing of its content. An error leaves it as it was.
            unsafe { libc::madvise(start.cast(), bytes, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}
