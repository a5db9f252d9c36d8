// Quantities must come out as apimachinery v0.37.2 writes them: every expectation here was printed by its own resource.Quantity.
#include "kube/quantity.h"

#include <gtest/gtest.h>

#include <limits>

namespace kube {
namespace {

struct Canonical {
    const char* written;
    const char* canonical;
};

class QuantityTable : public testing::TestWithParam<Canonical> {};

TEST_P(QuantityTable, IsWrittenAsTheApiServerWritesIt) {
    EXPECT_EQ(canonical_quantity(GetParam().written), GetParam().canonical) << GetParam().written;
}

INSTANTIATE_TEST_SUITE_P(Decimal, QuantityTable,
                         testing::Values(Canonical{"0", "0"}, Canonical{"1", "1"}, Canonical{"1000m", "1"},
                                         Canonical{"0.5", "500m"}, Canonical{".5", "500m"}, Canonical{"1500m", "1500m"},
                                         Canonical{"2000m", "2"}, Canonical{"1.5", "1500m"}, Canonical{"1.25", "1250m"},
                                         Canonical{"0.50", "500m"}, Canonical{"1.1m", "1100u"}, Canonical{"1000u", "1m"},
                                         Canonical{"0.0001", "100u"}, Canonical{"1k", "1k"}, Canonical{"1000M", "1G"},
                                         Canonical{"1024M", "1024M"}, Canonical{"1.5E", "1500P"}, Canonical{"9E", "9E"},
                                         Canonical{"-1", "-1"}, Canonical{"-500m", "-500m"}, Canonical{"-0", "0"}));

INSTANTIATE_TEST_SUITE_P(Binary, QuantityTable,
                         testing::Values(Canonical{"1024Mi", "1Gi"}, Canonical{"1.5Gi", "1536Mi"}, Canonical{"100Gi", "100Gi"},
                                         Canonical{"1000Ki", "1000Ki"}, Canonical{"1023Ki", "1023Ki"}, Canonical{"2048Mi", "2Gi"},
                                         Canonical{"0Mi", "0"}, Canonical{"1.5Ki", "1536"}, Canonical{"0.5Mi", "512Ki"},
                                         Canonical{"0.1Ki", "102400m"}, Canonical{"1.0001Ki", "1024102400u"},
                                         Canonical{"0.3Gi", "322122547200m"}, Canonical{"1.000Gi", "1Gi"},
                                         Canonical{"-1.5Gi", "-1536Mi"}, Canonical{"7.5Ei", "7680Pi"},
                                         Canonical{"8Ei", "9223372036854775807"}));

INSTANTIATE_TEST_SUITE_P(Exponent, QuantityTable,
                         testing::Values(Canonical{"1e3", "1e3"}, Canonical{"1E3", "1E3"}, Canonical{"120e5", "12e6"},
                                         Canonical{"1.2e7", "1.2e7"}, Canonical{"1.5e0", "1500e-3"}, Canonical{"1e-3", "1e-3"},
                                         Canonical{"1e-10", "1e-9"}, Canonical{"0e5", "0"}, Canonical{"1E", "1E"}));

INSTANTIATE_TEST_SUITE_P(RoundedUpToTheFinestScale, QuantityTable,
                         testing::Values(Canonical{"0.1n", "1n"}, Canonical{"1.1n", "2n"}, Canonical{"0.0000000001", "1n"}));

// apimachinery keeps the text where it takes it for canonical, although it would print the value otherwise.
INSTANTIATE_TEST_SUITE_P(KeptAsWritten, QuantityTable,
                         testing::Values(Canonical{"1.125", "1.125"}, Canonical{"5.", "5."}, Canonical{"+1", "+1"},
                                         Canonical{"1E+03", "1E+03"}, Canonical{"00100m", "00100m"},
                                         Canonical{"123456789.123456789", "123456789.123456789"}));

TEST(Quantity, RefusesWhatIsNone) {
    for (const char* text :
         {"", "abc", "1K", "1mi", "1MB", "1Mii", "1,5", "0x10", "1_000", "1e", "1e1.5", "1 ", " 1", "1..5", "--1", "."}) {
        EXPECT_EQ(canonical_quantity(text), std::nullopt) << text;
        EXPECT_EQ(quantity_millis(text), std::nullopt) << text;
    }
}

TEST(Quantity, IsComparedInThousandthsRoundedUp) {
    EXPECT_EQ(quantity_millis("1"), 1000);
    EXPECT_EQ(quantity_millis("250m"), 250);
    EXPECT_EQ(quantity_millis("1.1m"), 2);
    EXPECT_EQ(quantity_millis("1n"), 1);
    EXPECT_EQ(quantity_millis("1Gi"), 1073741824000);
    EXPECT_EQ(quantity_millis("-1.5Gi"), -1610612736000);
}

TEST(Quantity, SaturatesInsteadOfOverflowing) {
    EXPECT_EQ(quantity_millis("1E"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(quantity_millis("99999999999999999999Ei"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(canonical_quantity("1e999999999999"), "9223372036854775807");
    EXPECT_EQ(canonical_quantity("11111111111111111111111111111"), std::nullopt) << "more digits than any quantity needs";
}

TEST(Duration, IsReadAsGoReadsIt) {
    EXPECT_EQ(duration_millis("0"), 0);
    EXPECT_EQ(duration_millis("300s"), 300'000);
    EXPECT_EQ(duration_millis("5m"), 300'000);
    EXPECT_EQ(duration_millis("1h30m"), 5'400'000);
    EXPECT_EQ(duration_millis("250ms"), 250);
    EXPECT_EQ(duration_millis("1.5s"), 1500);
    EXPECT_EQ(duration_millis("0.25h"), 900'000);
    EXPECT_EQ(duration_millis("1m1m"), 120'000);
}

TEST(Duration, RefusesWhatIsNone) {
    for (const char* text : {"", "30", "30 s", "s", ".s", "1d", "-1s", "1s2", "1.2.3s", "99999999999s"}) {
        EXPECT_EQ(duration_millis(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace kube
