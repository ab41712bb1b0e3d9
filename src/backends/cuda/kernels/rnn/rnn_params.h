// What one step of a recurrent layer is told at launch. Shared by host and device.
#pragma once

struct RnnParams {
  int step, steps, batch, hidden, directions;
  int reverse;                         // the first direction runs backwards
  long long gate_time, gate_sequence;  // elements of x's products between times and sequences
  long long y_time, y_sequence, y_direction;
  long long state_sequence, state_direction;  // of the states given and wanted
  float clip;                                 // 0: none
};
