#include "common/service/faults.h"

#include <gmock/gmock.h>

#include "common/http/problem.h"

namespace service {
namespace {

http::Request with_body(std::string body) {
    http::Request request;
    request.body = std::move(body);
    return request;
}

TEST(Faults, AreNoneByDefault) {
    Faults faults;
    for (int i = 0; i < 100; ++i) {
        const Faults::Draw draw = faults.draw();
        EXPECT_EQ(draw.delay, base::Duration{0});
        EXPECT_FALSE(draw.error || draw.lost);
    }
}

TEST(Faults, HitTheirShareOfTheRequests) {
    Faults faults;
    faults.set(fault_plan_from(with_body(R"({"delay_ms":20,"delay_share":0.25,"error_share":0.5,"lost_share":1,"seed":7})")));
    int delayed = 0;
    int errors = 0;
    int lost = 0;
    for (int i = 0; i < 10'000; ++i) {
        const Faults::Draw draw = faults.draw();
        delayed += draw.delay == base::Duration{20} ? 1 : 0;
        errors += draw.error ? 1 : 0;
        lost += draw.lost ? 1 : 0;
    }
    EXPECT_NEAR(delayed, 2'500, 250);
    EXPECT_NEAR(errors, 5'000, 250);
    EXPECT_EQ(lost, 10'000);
}

TEST(Faults, ComeInTheSameOrderForTheSameSeed) {
    const auto sequence = [] {
        Faults faults;
        faults.set(fault_plan_from(with_body(R"({"error_share":0.5,"seed":42})")));
        std::vector<bool> errors;
        for (int i = 0; i < 64; ++i) errors.push_back(faults.draw().error);
        return errors;
    };
    EXPECT_EQ(sequence(), sequence());
}

TEST(Faults, NameEveryWrongFieldOfAPlan) {
    try {
        fault_plan_from(with_body(R"({"delay_ms":-1,"error_share":2,"lost":1,"seed":"x"})"));
        FAIL() << "the plan was taken";
    } catch (const http::Problem& problem) {
        std::vector<std::string> fields;
        for (const http::FieldError& error : problem.errors()) fields.push_back(error.field);
        EXPECT_THAT(fields, testing::UnorderedElementsAre("/delay_ms", "/error_share", "/lost", "/seed"));
    }
    EXPECT_THROW(fault_plan_from(with_body("[]")), http::Problem);
    EXPECT_THROW(fault_plan_from(with_body("{")), http::Problem);
}

TEST(Faults, ReadBackWhatWasSet) {
    const nlohmann::json plan{{"delay_ms", 5}, {"delay_share", 1.0}, {"error_share", 0.5}, {"lost_share", 0.0}, {"seed", 3}};
    EXPECT_EQ(to_json(fault_plan_from(with_body(plan.dump()))), plan);
}

}  // namespace
}  // namespace service
