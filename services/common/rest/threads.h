// The threads of cpprestsdk, which all its clients in the process share.
#pragma once

namespace rest {

// Two threads, which only move bytes, instead of its default of 40, each with a stack and an arena of malloc. To be called before
// the first use of cpprestsdk; further calls do nothing.
void use_few_threads();

}  // namespace rest
