// Shell scripts that run in the pods of the data stores and of what prepares them, in POSIX sh.
#pragma once

namespace resources {

// Redis: start.sh runs the server and, where there are several nodes, cluster.sh beside it; ready.sh is the readiness probe.
// They take NODES, POD_NAME, POD_IP, and PEERS, the headless Service's host name.
extern const char* const kRedisStart;
extern const char* const kRedisCluster;
extern const char* const kRedisReady;

// RabbitMQ: takes HOME.
extern const char* const kRabbitmqStart;

// Makes databases and roles: takes PGHOST, PGPORT and PGUSER.
extern const char* const kProvision;

}  // namespace resources
