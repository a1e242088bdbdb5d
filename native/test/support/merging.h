// The prologue of all tests of the merge.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "exposition.h"
#include "families.h"
#include "format/names.h"
#include "merge/merge.h"
#include "owners.h"
#include "scrapes.h"
#include "test_segment.h"

namespace prom {

using layout::LabelKind;
using layout::MergeMode;
using namespace test;

}  // namespace prom
