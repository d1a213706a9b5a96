// Checks native/fast/copy-in.h: prints what is wrong, and ends with 1 if anything is.
#include "copy-in.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace zivm;

static int faults = 0;

static void Check(bool holds, const char* what) {
  if (holds) return;
  printf("%s\n", what);
  faults++;
}

#if defined(__x86_64__)
constexpr size_t kLines = 16;
constexpr double kQuick = 100, kSlow = 1e6;

// Goes through the copies up to the next one that is timed. @returns how many there are, `most` at most
static int Untimed(Place& place, size_t lines, int most) {
  int copies = 0;
  while (copies < most && !place.NextIsTimed(lines)) copies++;
  return copies;
}

static void ChecksPlaces() {
  constexpr int kMost = 10000;
  Place place;
  Check(!place.IsDear(), "an unknown place is not cheap");
  Check(place.NextIsTimed(kLines), "the first copy is not timed");
  place.Took(kQuick, kLines);
  Check(!place.IsDear(), "a quick copy makes a place dear");
  const int few = Untimed(place, kLines, kMost);
  Check(few > 10 && few < kMost, "after a quick copy another one is timed at once, or never");
  place.Took(kQuick, kLines);
  Check(Untimed(place, 1024, kMost) <= 1, "long copies are not timed each time while lines are cheap");

  place.Took(kQuick, kLines);
  place.Took(kSlow, kLines);
  Check(!place.IsDear(), "one slow copy makes a place dear");
  Check(place.NextIsTimed(kLines), "a slow copy is not followed by one that is timed");
  place.Took(kQuick, kLines);
  place.Took(kSlow, kLines);
  place.Took(kSlow, kLines);
  Check(!place.IsDear(), "slow copies count that were not in a row");
  place.Took(kSlow, kLines);
  Check(place.IsDear(), "slow copies in a row do not make a place dear");

  const int many = Untimed(place, 1024, kMost);
  Check(many > 10 && many < kMost, "a dear place is tried again at once, or never");
  Check(place.IsDear(), "a place does not stay dear by itself");
  place.Took(kSlow, kLines);
  Check(place.IsDear() && Untimed(place, kLines, kMost) == many, "one slow copy more is not as good as the first ones");
  place.Took(kQuick, kLines);
  Check(!place.IsDear(), "a quick copy does not make a place cheap again");
}

static void ChecksPast(unsigned seed) {
  constexpr size_t kRoom = 16 * 1024;
  std::vector<uint8_t> from(kRoom), to(kRoom), wanted(kRoom);
  srand(seed);
  for (auto& byte : from) byte = rand();
  for (int time = 0; time < 4000; time++) {
    const size_t count = 64 + rand() % (kRoom - 64 - 256), offset = rand() % 256, at = rand() % 256;
    to.assign(kRoom, 7);
    wanted.assign(kRoom, 7);
    memcpy(wanted.data() + at, from.data() + offset, count);
    CopyPast(to.data() + at, from.data() + offset, count);
    if (to == wanted) continue;
    printf("seed %u: %zu bytes from %zu to %zu\n", seed, count, offset, at);
    faults++;
    return;
  }
}
#endif

// Where lines are dear, and become cheap again: every 500th copy finds a dear place.
static void ChecksCopies() {
  constexpr size_t kBytes = 4096;
  std::vector<uint8_t> from(kBytes), to(2 * kBytes);
  for (int time = 0; time < 2000; time++) {
    const size_t count = time % 2 == 0 ? kBytes : time;
    for (size_t i = 0; i < kBytes; i++) from[i] = time + i;
#if defined(__x86_64__)
    if (time % 500 == 0) {
      for (int slow = 0; slow < 3; slow++) PlaceOf(to.data()).Took(kSlow, kLines);
      Check(PlaceOf(to.data()).IsDear(), "a place is not dear");
    }
#endif
    CopyIn(to.data() + time % 128, from.data(), count);
    Check(memcmp(to.data() + time % 128, from.data(), count) == 0, "a copy is not what was copied");
  }
}

int main([[maybe_unused]] int count, [[maybe_unused]] char** arguments) {
#if defined(__x86_64__)
  ChecksPlaces();
  ChecksPast(count > 1 ? atoi(arguments[1]) : 1);
#endif
  ChecksCopies();
  return faults > 0;
}
