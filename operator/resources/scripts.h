// Shell scripts that run in the data stores' pods, in POSIX sh.
#pragma once

namespace resources {

// Redis: start.sh runs the server and, where there are several nodes, cluster.sh beside it; ready.sh is the readiness probe.
// They take NODES, POD_NAME, POD_IP, and PEERS, the headless Service's host name.
extern const char* const kRedisStart;
extern const char* const kRedisCluster;
extern const char* const kRedisReady;

// RabbitMQ: takes HOME.
extern const char* const kRabbitmqStart;

}  // namespace resources
