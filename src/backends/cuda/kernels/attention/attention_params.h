// What an attention kernel is told at launch. Shared by host and device.
#pragma once

struct AttentionParams {
  int queries, keys, heads;
  long long q_row, k_row, v_row, q_batch, k_batch, v_batch, q_offset, k_offset, v_offset;
  long long mask_batch, mask_head, mask_query, mask_key;
  float scale;
};
