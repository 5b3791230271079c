#include "binding/devices.h"

#include <optional>

#include "native/devices/gpu_reading.h"
#include "native/llama/backend.h"

namespace inferno::binding {
namespace {

Napi::Array to_array(Napi::Env env, const std::vector<std::string> & texts) {
    Napi::Array array = Napi::Array::New(env, texts.size());
    for (size_t i = 0; i < texts.size(); ++i) array.Set(static_cast<uint32_t>(i), texts[i]);
    return array;
}

Napi::Array to_array(Napi::Env env, const std::vector<llama::Device> & devices) {
    Napi::Array array = Napi::Array::New(env, devices.size());
    for (size_t i = 0; i < devices.size(); ++i) {
        Napi::Object device = Napi::Object::New(env);
        device.Set("name", devices[i].name);
        device.Set("description", devices[i].description);
        device.Set("kind", devices[i].kind);
        device.Set("backend", devices[i].backend);
        device.Set("pciAddress", devices[i].pci_address);
        device.Set("memoryFreeBytes", static_cast<double>(devices[i].memory_free_bytes));
        device.Set("memoryTotalBytes", static_cast<double>(devices[i].memory_total_bytes));
        array.Set(static_cast<uint32_t>(i), device);
    }
    return array;
}

template <typename Value>
void set_known(Napi::Object object, const char * name, const std::optional<Value> & value) {
    if (value) object.Set(name, static_cast<double>(*value));
}

Napi::Array to_array(Napi::Env env, const std::vector<devices::GpuReading> & gpus) {
    Napi::Array array = Napi::Array::New(env, gpus.size());
    for (size_t i = 0; i < gpus.size(); ++i) {
        Napi::Object gpu = Napi::Object::New(env);
        gpu.Set("pciAddress", gpus[i].pci_address);
        gpu.Set("name", gpus[i].name);
        gpu.Set("vendor", gpus[i].vendor);
        gpu.Set("driver", gpus[i].driver);
        set_known(gpu, "memoryTotalBytes", gpus[i].memory_total_bytes);
        set_known(gpu, "memoryUsedBytes", gpus[i].memory_used_bytes);
        set_known(gpu, "utilization", gpus[i].utilization);
        set_known(gpu, "temperatureCelsius", gpus[i].temperature_celsius);
        set_known(gpu, "powerWatts", gpus[i].power_watts);
        set_known(gpu, "powerLimitWatts", gpus[i].power_limit_watts);
        array.Set(static_cast<uint32_t>(i), gpu);
    }
    return array;
}

class DevicesWorker : public Napi::AsyncWorker {
  public:
    explicit DevicesWorker(Napi::Env env) : Napi::AsyncWorker(env), deferred_(env) {}
    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override {
        computing_ = llama::computing_devices();
        readings_ = devices::read_gpus();
    }
    void OnOK() override {
        Napi::Object result = Napi::Object::New(Env());
        result.Set("computing", to_array(Env(), computing_));
        result.Set("gpus", to_array(Env(), readings_.gpus));
        result.Set("problems", to_array(Env(), readings_.problems));
        deferred_.Resolve(result);
    }
    void OnError(const Napi::Error & error) override { deferred_.Reject(error.Value()); }

  private:
    Napi::Promise::Deferred deferred_;
    std::vector<llama::Device> computing_;
    devices::GpuReadings readings_;
};

}  // namespace

Napi::Value system_info(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const llama::SystemInfo system = llama::system_info();
    Napi::Object object = Napi::Object::New(env);
    object.Set("llamaVersion", system.llama_version);
    object.Set("cpuBackend", system.cpu_backend);
    object.Set("cpuLibrary", system.cpu_library);
    object.Set("backends", to_array(env, system.backends));
    object.Set("features", system.features);
    object.Set("availableCores", system.available_cores);
    object.Set("devices", to_array(env, system.devices));
    return object;
}

Napi::Value read_devices(const Napi::CallbackInfo & info) {
    auto * worker = new DevicesWorker(info.Env());
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

}  // namespace inferno::binding
