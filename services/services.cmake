# The services: what they share, and one library and one program each.
find_package(PkgConfig REQUIRED)
find_package(cpprestsdk REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(RABBITMQ REQUIRED IMPORTED_TARGET librabbitmq)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(CRYPT REQUIRED IMPORTED_TARGET libcrypt)

add_layer(common_data services/common/data common_base PkgConfig::PQXX PkgConfig::HIREDIS PkgConfig::RABBITMQ OpenSSL::Crypto)
add_layer(common_identity services/common/identity common_base OpenSSL::Crypto)
add_layer(common_rest services/common/rest common_base cpprestsdk::cpprest)
add_layer(common_service services/common/service common_http common_data common_rest yaml-cpp)
# The typeinfo of cpprestsdk's templates differs between the library and its users, which UndefinedBehaviorSanitizer takes for
# another type.
target_compile_options(common_rest PRIVATE -fno-sanitize=vptr)
set_source_files_properties(services/common/service/otlp.cpp PROPERTIES COMPILE_OPTIONS -fno-sanitize=vptr)

# add_service(FOLDER PROGRAM [LIBRARY…]): the library service_FOLDER of services/FOLDER/*.cpp but main.cpp, and its program. The
# functions in embedded.h give the texts that they carry within: openapi.yaml as JSON, migrations/*.sql, and assets/*.
function(add_service folder program)
  set(source ${CMAKE_SOURCE_DIR}/services/${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${source}/*.cpp)
  file(GLOB texts CONFIGURE_DEPENDS ${source}/openapi.yaml ${source}/migrations/*.sql ${source}/assets/*)
  list(REMOVE_ITEM sources ${source}/main.cpp)
  if(folder STREQUAL "gateway")  # Its document is that of all public routes.
    file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/services/*/openapi.yaml)
    list(FILTER documents EXCLUDE REGEX "/services/(gateway|simulator)/openapi.yaml$")
    set(merged ${CMAKE_BINARY_DIR}/generated/gateway/openapi.yaml)
    add_custom_command(
      OUTPUT ${merged}
      COMMAND ${source}/merge_openapi ${merged} ${texts} ${documents}
      DEPENDS ${texts} ${documents} ${source}/merge_openapi)
    set(texts ${merged})
  endif()
  set(embedded ${CMAKE_BINARY_DIR}/generated/${folder}_embedded.cpp)
  add_custom_command(
    OUTPUT ${embedded}
    COMMAND ${CMAKE_SOURCE_DIR}/services/embed_texts ${folder} ${embedded} ${texts}
    DEPENDS ${texts} ${CMAKE_SOURCE_DIR}/services/embed_texts)
  add_library(service_${folder} STATIC ${sources} ${embedded})
  set_source_files_properties(${embedded} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(service_${folder} PUBLIC common_service ${ARGN})
  add_executable(${program} ${source}/main.cpp)
  target_link_libraries(${program} PRIVATE service_${folder})
  target_compile_definitions(${program} PRIVATE SERVICE_VERSION="${PROJECT_VERSION}")
endfunction()

add_service(user user-service common_identity PkgConfig::ARGON2 PkgConfig::CRYPT)
add_service(catalog catalog-service)
add_service(inventory inventory-service)
add_service(order order-service)
add_service(payment payment-service)
add_service(gateway api-gateway common_identity)
add_service(simulator payment-provider-simulator)
